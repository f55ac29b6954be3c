/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin cert: certificates of devices and operators. */
#include "base/id.h"
#include "base/memory.h"
#include "cli/change.h"
#include "cli/groups.h"
#include "cli/list.h"
#include "cli/say.h"

/* ---- whose a subject is: certificates are asked for by organisation and subject ---- */

struct sought {
    const char *subject;
    char organisation[ID_TEXT];
};

static int take_organisation(struct sought *s, const struct json_value *row)
{
    struct slice organisation = json_get_string(row, "organisation");

    if (organisation.len == 0 || organisation.len >= ID_TEXT)
        return 0;
    snprintf(s->organisation, sizeof(s->organisation), "%.*s", SLICE_ARG(organisation));
    return 1;
}

static int is_operator(void *context, const struct json_value *row, struct err *e)
{
    struct sought *s = context;

    (void)e;
    return slice_is(json_get_string(row, "operator"), s->subject) ? take_organisation(s, row) : 0;
}

static int ask_asset(struct api *api, struct sought *s, struct err *e)
{
    struct api_answer answer;
    struct buf target;
    int result = -1;

    api_answer_init(&answer);
    buf_init(&target);
    buf_puts(&target, "/v1/assets/");
    api_put_segment(&target, s->subject);
    if (buf_check(&target, e) == 0 && api_get(api, buf_text(&target), &answer, e) == 0) {
        take_organisation(s, answer.root);
        result = 0;
    }
    api_answer_fini(&answer);
    buf_fini(&target);
    return result;
}

/* Appends the query; the organisation is looked up when it was not given. */
static int put_query(const struct cli_args *args, struct api *api, const char *subject,
                     struct buf *target, struct err *e)
{
    struct sought s = {.subject = subject};
    const char *organisation = cli_value(args, "organisation");

    if (!organisation && subject) {
        int result =
            id_is(slice_str(subject), "opr")
                ? api_pages(api, &(struct api_list){.target = "/v1/operators"}, is_operator, &s, e)
                : ask_asset(api, &s, e);
        if (result != 0)
            return -1;
        if (!s.organisation[0])
            return err_set(e, ERR_NOT_FOUND, "cli.not-found", NULL, "there is no %s", subject);
        organisation = s.organisation;
    }
    api_put_query(target, "organisation", organisation);
    api_put_query(target, "subject", subject);
    return buf_check(target, e);
}

/* ---- list ---- */

static int list(const struct cli_args *args)
{
    static const struct list_column columns[] = {
        {"certificate", "CERTIFICATE", 0}, {"subject", "SUBJECT", 0},
        {"profile", "PROFILE", 0},         {"status", "STATUS", 0},
        {"not_after", "UNTIL", 0},         {"revoked", "REVOKED", LIST_SPARSE},
        {"reason", "REASON", LIST_SPARSE}, {"serial", "SERIAL", LIST_CUT}};
    struct api *api = NULL;
    struct err e = {0};
    struct buf target;
    int result;

    buf_init(&target);
    buf_puts(&target, "/v1/certificates");
    if (api_open(args, &api, &e) != 0 ||
        put_query(args, api, cli_value(args, "subject"), &target, &e) != 0) {
        result = say_fail(args, &e);
    } else {
        const struct list_of of = {.target = buf_text(&target),
                                   .name = "certificates",
                                   .nothing = "no certificates",
                                   .columns = columns,
                                   .column_count = ARRAY_LEN(columns)};
        result = list_all(args, &of);
    }
    api_close(api);
    buf_fini(&target);
    return result;
}

/* ---- revoke: one certificate, or all active ones of a subject ---- */

struct revoking {
    char (*ids)[ID_TEXT];
    size_t count;
};

static int take(void *context, const struct json_value *row, struct err *e)
{
    struct revoking *r = context;
    struct slice id = json_get_string(row, "certificate");

    if (!slice_is(json_get_string(row, "status"), "active") || id.len >= ID_TEXT)
        return 0;
    void *grown = mem_resize(r->ids, r->count + 1, sizeof(*r->ids));
    if (!grown)
        return err_memory(e);
    r->ids = grown;
    snprintf(r->ids[r->count++], ID_TEXT, "%.*s", SLICE_ARG(id));
    return 0;
}

static int find_all(const struct cli_args *args, struct api *api, const char *subject,
                    struct revoking *r, struct err *e)
{
    struct buf target;
    int result = -1;

    buf_init(&target);
    buf_puts(&target, "/v1/certificates");
    if (put_query(args, api, subject, &target, e) == 0)
        result = api_pages(api, &(struct api_list){.target = buf_text(&target)}, take, r, e);
    if (result == 0 && r->count == 0) {
        result = err_set(e, ERR_NOT_FOUND, "cli.not-found", NULL, "%s has no active certificate",
                         subject);
        err_hint(e, "tocsin cert list --subject %s", subject);
    }
    buf_fini(&target);
    return result;
}

static int revoke_one(const struct cli_args *args, struct api *api, const char *id, struct err *e)
{
    struct api_answer answer;
    struct change_body body;

    api_answer_init(&answer);
    change_begin(&body);
    change_text(&body, "certificate", id);
    change_text(&body, "reason", cli_value(args, "reason"));
    json_write_object_end(&body.json);
    int result = api_post(api, "/v1/certificates/revoke", &body.text, &answer, e);
    if (result == 0) {
        printf("%s revoked ", id);
        say_text(stdout, json_get_string(answer.root, "revoked"));
        fputc('\n', stdout);
    }
    change_fini(&body);
    api_answer_fini(&answer);
    return result;
}

static int revoke(const struct cli_args *args)
{
    const char *which = args->operands[0];
    struct revoking r = {0};
    struct api *api = NULL;
    struct err e = {0};
    int result = -1;

    if (api_open(args, &api, &e) != 0)
        goto out;
    if (id_is(slice_str(which), "ast") || id_is(slice_str(which), "opr")) {
        result = find_all(args, api, which, &r, &e);
        for (size_t i = 0; result == 0 && i < r.count; i++)
            result = revoke_one(args, api, r.ids[i], &e);
    } else {
        result = revoke_one(args, api, which, &e);
    }
out:
    mem_free(r.ids);
    api_close(api);
    return result == 0 ? say_end(args, 0) : say_fail(args, &e);
}

static const struct cli_option list_options[] = {
    {"organisation", "ORG", "of this organisation alone", 0, false},
    {"subject", "ID", "of this asset or operator alone", 0, false},
};
static const struct cli_option revoke_options[] = {
    {"reason", "WORD", "keyCompromise, superseded, cessationOfOperation, …", 0, false},
};

static const struct cli_verb verbs[] = {
    {.name = "list",
     .summary = "certificates with their states",
     .examples = "  tocsin cert list --subject ast_0h2j…\n",
     .options = list_options,
     .option_count = ARRAY_LEN(list_options),
     .uses = CLI_LIST,
     .run = list},
    {.name = "revoke",
     .operands = "CERTIFICATE|ASSET|OPERATOR",
     .summary = "end a certificate, or all active ones of an asset or operator",
     .text = "Takes effect at once: open connections under it are closed, and it stands in the\n"
             "next revocation list. It cannot be taken back.\n",
     .examples = "  tocsin cert revoke crt_0h2j… --reason keyCompromise\n"
                 "  tocsin cert revoke ast_0h2j… --reason cessationOfOperation\n",
     .options = revoke_options,
     .option_count = ARRAY_LEN(revoke_options),
     .uses = CLI_CENTRE,
     .least = 1,
     .most = 1,
     .run = revoke},
};

const struct cli_group cli_certificate_group = {.name = "cert",
                                                .topic = "Assets",
                                                .summary = "certificates: list, revoke",
                                                .verbs = verbs,
                                                .verb_count = ARRAY_LEN(verbs)};
