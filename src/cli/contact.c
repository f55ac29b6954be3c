/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin contact: the people who are told. */
#include "base/encoding.h"
#include "base/file.h"
#include "cli/change.h"
#include "cli/groups.h"
#include "cli/list.h"
#include "cli/say.h"

enum { SECRET_MAX = 128 };

/* The webhook's secret comes from a file: a command line is seen by everybody on the machine. */
static int put_secret(struct change_body *body, const char *path, struct err *e)
{
    struct buf secret;
    struct buf text;
    int result = -1;

    buf_init_secret(&secret);
    buf_init_secret(&text);
    if (file_read(path, SECRET_MAX, &secret, e) == 0) {
        while (secret.len > 0 && (secret.data[secret.len - 1] == '\n'))
            secret.len--;
        base64_put(&text, buf_slice(&secret));
        json_member_slice(&body->json, "webhook_secret", buf_slice(&text));
        result = buf_check(&text, e);
    }
    buf_fini_secret(&secret);
    buf_fini_secret(&text);
    return result;
}

static int set(const struct cli_args *args, const char *contact, const char *name, const char *mail)
{
    const struct change_of of = {.target = "/v1/contacts", .id = "contact"};
    const char *secret = cli_value(args, "webhook-secret-file");
    struct change_body body;
    struct err e = {0};
    int result;

    change_begin(&body);
    change_text(&body, "contact", contact);
    change_text(&body, "organisation", cli_value(args, "organisation"));
    change_text(&body, "name", name);
    change_text(&body, "mail", mail);
    change_text(&body, "webhook", cli_value(args, "webhook"));
    if (secret && put_secret(&body, secret, &e) != 0)
        result = say_fail(args, &e);
    else
        result = change_send(args, &of, &body);
    change_fini(&body);
    return result;
}

static int add(const struct cli_args *args)
{
    return set(args, NULL, args->operands[0], cli_value(args, "mail"));
}

/* ---- change: what is not given stays ---- */

struct sought {
    const char *contact;
    struct buf name, mail;
    bool found, has_webhook;
};

static int seek(void *context, const struct json_value *row, struct err *e)
{
    struct sought *s = context;

    if (!slice_is(json_get_string(row, "contact"), s->contact))
        return 0;
    s->found = true;
    s->has_webhook = json_get_string(row, "webhook").len > 0;
    buf_put_slice(&s->name, json_get_string(row, "name"));
    buf_put_slice(&s->mail, json_get_string(row, "mail"));
    return buf_check(&s->name, e) != 0 || buf_check(&s->mail, e) != 0 ? -1 : 1;
}

static int find(const struct cli_args *args, struct sought *s, struct err *e)
{
    struct api *api = NULL;
    struct buf target;
    int result = -1;

    buf_init(&target);
    buf_puts(&target, "/v1/contacts");
    api_put_query(&target, "organisation", cli_value(args, "organisation"));
    if (buf_check(&target, e) == 0 && api_open(args, &api, e) == 0 &&
        api_pages(api, &(struct api_list){.target = buf_text(&target)}, seek, s, e) == 0)
        result = 0;
    if (result == 0 && !s->found) {
        result =
            err_set(e, ERR_NOT_FOUND, "cli.not-found", NULL, "there is no contact %s", s->contact);
        err_hint(e, "another organisation's? add --organisation ORG");
    }
    if (result == 0 && s->has_webhook && !cli_flag(args, "webhook")) {
        result = err_set(e, ERR_USAGE, "cli.operands", NULL,
                         "this contact has a webhook, whose secret nobody can read back");
        err_hint(e, "give --webhook and --webhook-secret-file again, or --webhook \"\" to end it");
    }
    api_close(api);
    buf_fini(&target);
    return result;
}

static int change(const struct cli_args *args)
{
    struct sought s = {.contact = args->operands[0]};
    const char *name = cli_value(args, "name");
    const char *mail = cli_value(args, "mail");
    struct err e = {0};
    int result;

    buf_init(&s.name);
    buf_init(&s.mail);
    if (find(args, &s, &e) != 0)
        result = say_fail(args, &e);
    else
        result =
            set(args, s.contact, name ? name : buf_text(&s.name), mail ? mail : buf_text(&s.mail));
    buf_fini(&s.name);
    buf_fini(&s.mail);
    return result;
}

static int list(const struct cli_args *args)
{
    static const struct list_column columns[] = {{"contact", "CONTACT", 0},
                                                 {"name", "NAME", LIST_CUT},
                                                 {"mail", "MAIL", LIST_CUT},
                                                 {"webhook", "WEBHOOK", LIST_CUT | LIST_SPARSE},
                                                 {"erased", "ERASED", LIST_SPARSE}};
    struct buf target;

    buf_init(&target);
    buf_puts(&target, "/v1/contacts");
    api_put_query(&target, "organisation", cli_value(args, "organisation"));
    const struct list_of of = {.target = buf_text(&target),
                               .name = "contacts",
                               .nothing = "no contacts",
                               .columns = columns,
                               .column_count = ARRAY_LEN(columns)};
    int result = list_all(args, &of);
    buf_fini(&target);
    return result;
}

static int erase(const struct cli_args *args)
{
    const struct change_of of = {.target = "/v1/contacts/erase", .done = "erased"};
    struct change_body body;

    change_begin(&body);
    change_text(&body, "contact", args->operands[0]);
    int result = change_send(args, &of, &body);
    change_fini(&body);
    return result;
}

#define ORGANISATION                                                                               \
    {                                                                                              \
        "organisation", "ORG", "whose contact (else your own organisation's)", 0, false            \
    }
#define WAYS                                                                                       \
    {"mail", "ADDRESS", "where mail goes", 0, false},                                              \
        {"webhook", "URL", "https:// address that is called, signed", 0, false},                   \
    {                                                                                              \
        "webhook-secret-file", "FILE", "shared secret, 16 bytes at least: its receiver checks it", \
            0, false                                                                               \
    }

static const struct cli_option list_options[] = {ORGANISATION};
static const struct cli_option add_options[] = {ORGANISATION, WAYS, CHANGE_QUIET};
static const struct cli_option change_options[] = {
    ORGANISATION, {"name", "NAME", "another name", 0, false}, WAYS, CHANGE_QUIET};

static const struct cli_verb verbs[] = {
    {.name = "add",
     .operands = "NAME",
     .summary = "somebody who is told when an asset of theirs is concerned",
     .text = "One digest goes out for each owner and event, never a mail for each device.\n",
     .examples = "  tocsin contact add \"Duty desk\" --mail duty@example.org --organisation org_…\n"
                 "  tocsin contact add \"Ticket system\" --webhook https://desk.example/in \\\n"
                 "      --webhook-secret-file secret.txt\n",
     .options = add_options,
     .option_count = ARRAY_LEN(add_options),
     .uses = CLI_CENTRE | CLI_JSON,
     .least = 1,
     .most = 1,
     .run = add},
    {.name = "change",
     .operands = "CONTACT",
     .summary = "another name, address or webhook; what is not given stays",
     .examples = "  tocsin contact change per_0h2j… --mail new@example.org\n",
     .options = change_options,
     .option_count = ARRAY_LEN(change_options),
     .uses = CLI_CENTRE | CLI_JSON,
     .least = 1,
     .most = 1,
     .run = change},
    {.name = "list",
     .summary = "the people of an organisation",
     .options = list_options,
     .option_count = ARRAY_LEN(list_options),
     .uses = CLI_LIST,
     .run = list},
    {.name = "erase",
     .operands = "CONTACT",
     .summary = "forget who it was; the journal keeps the opaque id alone",
     .examples = "  tocsin contact erase per_0h2j…\n",
     .uses = CLI_CENTRE,
     .least = 1,
     .most = 1,
     .run = erase},
};

const struct cli_group cli_contact_group = {.name = "contact",
                                            .topic = "People and organisations",
                                            .summary = "owners of assets, who are told",
                                            .verbs = verbs,
                                            .verb_count = ARRAY_LEN(verbs)};
