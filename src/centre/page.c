/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/page.h"

int page_open(struct page *p, struct worker *worker, struct route_call *call)
{
    *p = (struct page){.worker = worker, .call = call};
    buf_init(&p->text);
    json_write_init(&p->w, &p->text, 0);
    if (route_page(call, &p->after, &p->limit, &p->e) != 0 ||
        route_organisation(call, true, p->organisation, &p->e) != 0)
        return -1;
    json_write_object(&p->w);
    json_write_name(&p->w, "items");
    json_write_array(&p->w);
    return 0;
}

void page_close(struct page *p, int step)
{
    if (step == 0) {
        json_write_array_end(&p->w);
        if (p->rows == p->limit && p->next[0])
            json_member_string(&p->w, "next", p->next);
        json_write_object_end(&p->w);
    }
    route_end(p->call, &p->w, &p->e);
    buf_fini(&p->text);
}
