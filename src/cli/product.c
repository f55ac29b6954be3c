/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin product, component: what advisories name and what assets run, listed from either side. */
#include "cli/advisory.h"
#include "cli/asset.h"
#include "cli/groups.h"
#include "cli/list.h"

static const struct list_column advisory_columns[] = {
    {"id", "ID", 0},
    {"version", "VERSION", 0},
    {"state", "STATE", 0},
    {"status", "STATUS", LIST_SPARSE},
    {"remediation.state", "REMEDIATION", LIST_SPARSE},
    {"remediation.by", "BY", LIST_SPARSE},
    {"title", "TITLE", LIST_CUT},
    {"advisory", "ADVISORY", 0}};
static const struct list_column component_columns[] = {{"name", "NAME", LIST_CUT},
                                                       {"version", "VERSION", LIST_SPARSE},
                                                       {"vendor", "VENDOR", LIST_CUT | LIST_SPARSE},
                                                       {"purl", "PURL", LIST_CUT | LIST_SPARSE},
                                                       {"component", "COMPONENT", 0}};
static const struct list_column asset_columns[] = {{"asset", "ASSET", 0},
                                                   {"label", "LABEL", LIST_CUT | LIST_SPARSE},
                                                   {"vendor", "VENDOR", LIST_CUT | LIST_SPARSE},
                                                   {"model", "MODEL", LIST_CUT | LIST_SPARSE},
                                                   {"version", "VERSION", LIST_CUT | LIST_SPARSE},
                                                   {"status", "STATUS", LIST_SPARSE},
                                                   {"way", "WAY", 0},
                                                   {"owner", "OWNER", LIST_SPARSE},
                                                   {"organisation", "ORGANISATION", LIST_CUT}};
static const struct list_column product_columns[] = {{"vendor", "VENDOR", LIST_CUT | LIST_SPARSE},
                                                     {"name", "NAME", LIST_CUT},
                                                     {"version", "VERSION", LIST_CUT | LIST_SPARSE},
                                                     {"product_id", "ID THERE", LIST_SPARSE},
                                                     {"product", "PRODUCT", 0}};

struct kind {
    const char *name;
    const char *nothing;
    const struct list_column *columns;
    size_t count;
};
static const struct kind advisories = {"advisories", "no advisories", advisory_columns,
                                       ARRAY_LEN(advisory_columns)};
static const struct kind components = {"components", "no components", component_columns,
                                       ARRAY_LEN(component_columns)};
static const struct kind assets = {"assets", "no assets", asset_columns, ARRAY_LEN(asset_columns)};
static const struct kind products = {"products", "no products", product_columns,
                                     ARRAY_LEN(product_columns)};

/* "BASE/OPERAND/MORE?organisation=…": a list of one kind; without `more` no operand either. */
static int list_kind(const struct cli_args *args, const struct kind *kind, const char *base,
                     const char *more, bool by_organisation)
{
    struct buf target;

    buf_init(&target);
    buf_puts(&target, base);
    if (more) {
        buf_putc(&target, '/');
        api_put_segment(&target, args->operands[0]);
        buf_puts(&target, more);
    } else if (args->operand_count) {
        api_put_query(&target, "name", args->operands[0]);
    }
    if (by_organisation)
        api_put_query(&target, "organisation", cli_value(args, "organisation"));
    const struct list_of of = {.target = buf_text(&target),
                               .name = kind->name,
                               .nothing = kind->nothing,
                               .columns = kind->columns,
                               .column_count = kind->count};
    int result = list_all(args, &of);
    buf_fini(&target);
    return result;
}

static int product_list(const struct cli_args *args)
{
    return list_kind(args, &products, "/v1/products", NULL, false);
}

static int product_advisories(const struct cli_args *args)
{
    return list_kind(args, &advisories, "/v1/products", "/advisories", false);
}

static int component_list(const struct cli_args *args)
{
    return list_kind(args, &components, "/v1/components", NULL, true);
}

static int component_assets(const struct cli_args *args)
{
    return list_kind(args, &assets, "/v1/components", "/assets", true);
}

static int component_advisories(const struct cli_args *args)
{
    return list_kind(args, &advisories, "/v1/components", "/advisories", true);
}

int asset_components(const struct cli_args *args)
{
    return list_kind(args, &components, "/v1/assets", "/components", false);
}

int asset_advisories(const struct cli_args *args)
{
    return list_kind(args, &advisories, "/v1/assets", "/advisories", false);
}

int advisory_products(const struct cli_args *args)
{
    return list_kind(args, &products, "/v1/advisory", "/products", false);
}

int advisory_components(const struct cli_args *args)
{
    return list_kind(args, &components, "/v1/advisory", "/components", true);
}

int advisory_assets(const struct cli_args *args)
{
    return list_kind(args, &assets, "/v1/advisory", "/preview", true);
}

static const struct cli_option organisation_options[] = {
    {"organisation", "ORG", "of this organisation's assets alone", 0, false}};

static const struct cli_verb product_verbs[] = {
    {.name = "list",
     .operands = "[NAME]",
     .summary = "products that advisories name, from those that begin with NAME",
     .examples = "  tocsin product list \"pump\"\n",
     .uses = CLI_LIST,
     .least = 0,
     .most = 1,
     .run = product_list},
    {.name = "advisories",
     .operands = "PRODUCT",
     .summary = "the advisories that name a product, by its id or its name",
     .examples = "  tocsin product advisories \"P-7\"\n",
     .uses = CLI_LIST,
     .least = 1,
     .most = 1,
     .run = product_advisories},
};

const struct cli_group cli_product_group = {.name = "product",
                                            .topic = "Advisories",
                                            .summary = "what advisories name",
                                            .verbs = product_verbs,
                                            .verb_count = ARRAY_LEN(product_verbs)};

static const struct cli_verb component_verbs[] = {
    {.name = "list",
     .operands = "[NAME]",
     .summary = "components that assets run, from those that begin with NAME",
     .examples = "  tocsin component list openssl\n",
     .options = organisation_options,
     .option_count = ARRAY_LEN(organisation_options),
     .uses = CLI_LIST,
     .least = 0,
     .most = 1,
     .run = component_list},
    {.name = "advisories",
     .operands = "COMPONENT",
     .summary = "the advisories that say something because of a component",
     .examples = "  tocsin component advisories cmp_0h2j… --json | jq '.advisories[].statements'\n",
     .options = organisation_options,
     .option_count = ARRAY_LEN(organisation_options),
     .uses = CLI_LIST,
     .least = 1,
     .most = 1,
     .run = component_advisories},
    {.name = "assets",
     .operands = "COMPONENT",
     .summary = "the assets that run a component",
     .options = organisation_options,
     .option_count = ARRAY_LEN(organisation_options),
     .uses = CLI_LIST,
     .least = 1,
     .most = 1,
     .run = component_assets},
};

const struct cli_group cli_component_group = {.name = "component",
                                              .topic = "Assets",
                                              .summary =
                                                  "what assets run: their bills of materials",
                                              .verbs = component_verbs,
                                              .verb_count = ARRAY_LEN(component_verbs)};
