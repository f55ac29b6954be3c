/* SPDX-License-Identifier: Apache-2.0 */
/* Extensions of CSAF 2.1 (section 2.4): what a reader must hear of those that are not shown. */
#include "csaf/document.h"
#include "csaf/view/view_internal.h"

void view_extensions(struct view *v)
{
    static const struct {
        const char *category, *what;
        enum view_tone tone;
    } groups[] = {
        {"essential", "is crucial to understand this document, and is not shown here", VIEW_HIGH},
        {"significant", "is highly relevant to this document, and is not shown here", VIEW_MEDIUM},
    };

    for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
        struct csaf_extensions_met met = csaf_extensions_find(v->r->root, groups[i].category);
        if (met.count == 0)
            continue;
        view_open_tone(v, VIEW_NOTICE, groups[i].tone);
        view_printf(v, VIEW_STRONG, "What %zu extension%s say%s", met.count,
                    met.count == 1 ? "" : "s", met.count == 1 ? "s" : "");
        view_printf(v, VIEW_PLAIN, " %s: ", groups[i].what);
        for (size_t n = 0; n < met.named_count; n++) {
            VIEW_SAY(v, n ? ", " : "");
            view_say(v, VIEW_CODE, met.named[n]);
        }
        if (met.count > met.named_count)
            VIEW_SAY(v, ", …");
        VIEW_SAY(v, ".");
        view_close(v, VIEW_NOTICE);
    }
}
