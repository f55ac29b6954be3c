/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/class_identifier.h"
#include "fleet/criteria_spelled.h"
#include "fleet/match_identify.h"
#include "fleet/name_version.h"
#include "fleet/name_words.h"

int fleet_name_compact(struct arena *a, struct slice form, struct slice *out, struct err *e)
{
    char *text = arena_alloc(a, form.len + 1);
    size_t len = 0;
    if (!text)
        return err_memory(e);
    for (size_t i = 0; i < form.len; i++) {
        uint8_t before = i ? form.data[i - 1] : 0;
        uint8_t after = i + 1 < form.len ? form.data[i + 1] : 0;
        bool digits = before >= '0' && before <= '9' && after >= '0' && after <= '9';
        if (form.data[i] != ' ' || digits)
            text[len++] = (char)form.data[i];
    }
    *out = slice_of(text, len);
    return 0;
}

struct preparation {
    struct arena *arena;
    struct fleet_subject *subject;
    struct fleet_subject_form forms[FLEET_SUBJECT_FORMS];
    struct slice orders[FLEET_SUBJECT_ORDERS];
    struct err *e;
};

static int add_form(struct preparation *p, struct slice text, unsigned rules,
                    enum fleet_form_source source)
{
    struct fleet_subject *s = p->subject;
    for (size_t i = 0; i < s->form_count; i++)
        if (slice_equal(p->forms[i].text, text))
            return 0;
    if (s->form_count == FLEET_SUBJECT_FORMS || text.len == 0)
        return 0;
    struct fleet_subject_form *f = &p->forms[s->form_count++];
    *f = (struct fleet_subject_form){.text = text, .rules = rules, .source = source};
    return fleet_name_compact(p->arena, text, &f->compact, p->e);
}

static int add_variants(struct preparation *p, struct slice form, unsigned rules,
                        enum fleet_form_source source)
{
    struct fleet_form forms[FLEET_VARIANTS];
    int count =
        fleet_name_variants(p->arena, form, rules, &p->subject->identity->vendor, forms, p->e);
    for (int i = 0; i < count; i++)
        if (add_form(p, forms[i].text, forms[i].rules, source) != 0)
            return -1;
    return count < 0 ? -1 : 0;
}

static int add_order(struct preparation *p, struct slice order)
{
    struct fleet_subject *s = p->subject;
    for (size_t i = 0; i < s->order_count; i++)
        if (slice_equal(p->orders[i], order))
            return 0;
    if (s->order_count < FLEET_SUBJECT_ORDERS && order.len)
        p->orders[s->order_count++] = order;
    return 0;
}

static bool has_digit_and_length(struct slice s)
{
    return s.len >= 4 && fleet_word_has_digit(s);
}

/* "arm mbed os", where the advisory has no vendor but in the product's name */
static int add_with_vendor(struct preparation *p)
{
    const struct fleet_identity *id = p->subject->identity;
    const struct fleet_name *name = id->model.count ? &id->model : &id->product;
    if (id->vendor.count == 0 || name->count == 0)
        return 0;
    char *both = arena_printf(p->arena, "%.*s %.*s", SLICE_ARG(id->vendor.forms[0].text),
                              SLICE_ARG(name->forms[0].text));
    if (!both)
        return err_memory(p->e);
    return add_form(p, slice_str(both), name->forms[0].rules, FLEET_FROM_VENDOR_MODEL);
}

/* "PCS neo V4" is a "PCS neo", too, of versions that begin with 4; and so is software with the name
 * "easySoft 7", for of a device the number may be the model's. */
static int add_without_line(struct preparation *p)
{
    struct slice form = p->subject->identity->model.forms[0].text;
    struct fleet_named_version named;
    if (fleet_name_version(form, p->subject->identity->kind == FLEET_SOFTWARE, &named)) {
        size_t first = p->subject->form_count;
        p->subject->named = named.text;
        p->subject->named_rough = named.rough;
        if (add_variants(p, named.front,
                         p->subject->identity->model.forms[0].rules | FLEET_RULE_LINE,
                         FLEET_FROM_MODEL) != 0)
            return -1;
        for (size_t i = first; i < p->subject->form_count; i++)
            p->forms[i].line = named.line;
        return 0;
    }
    size_t at = form.len, before = p->subject->form_count;
    while (at > 0 && form.data[at - 1] != ' ')
        at--;
    struct slice line = slice_of(form.data + at, form.len - at);
    if (at < 3 || line.len == 0)
        return 0;
    if (line.data[0] == 'v' && line.len > 1 && at >= 5)
        line = slice_of(line.data + 1, line.len - 1);
    else if (p->subject->identity->kind == FLEET_DEVICE)
        return 0;
    for (size_t i = 0; i < line.len; i++)
        if ((line.data[i] < '0' || line.data[i] > '9') && (line.data[i] != '.' || i == 0))
            return 0;
    if (add_variants(p, slice_of(form.data, at - 1),
                     p->subject->identity->model.forms[0].rules | FLEET_RULE_LINE,
                     FLEET_FROM_MODEL) != 0)
        return -1;
    for (size_t i = before; i < p->subject->form_count; i++)
        p->forms[i].line = line;
    return 0;
}

/* "1794-AENT/B": the number in its series B */
static int add_series(struct preparation *p)
{
    const struct fleet_name *model = &p->subject->identity->model;
    struct slice form = model->count ? model->forms[0].text : slice_of(NULL, 0);
    if (form.len < 8 || form.data[form.len - 2] != ' ' || form.data[form.len - 1] < 'a' ||
        form.data[form.len - 1] > 'h' || !fleet_word_has_digit(form))
        return 0;
    char *text = arena_printf(p->arena, "%.*s series %c", (int)form.len - 2,
                              (const char *)form.data, form.data[form.len - 1]);
    if (!text)
        return err_memory(p->e);
    if (add_form(p, slice_str(text), model->forms[0].rules | FLEET_RULE_NOTE, FLEET_FROM_MODEL) !=
        0)
        return -1;
    /* what is said of the number without a series is said of all of them */
    return form.data[form.len - 1] > 'd'
               ? 0
               : add_form(p, slice_of(form.data, form.len - 2),
                          model->forms[0].rules | FLEET_RULE_VARIANT, FLEET_FROM_MODEL);
}

/* "TopBraid Enterprise Data Governance": "TopBraid EDG" */
static int add_initials(struct preparation *p)
{
    const struct fleet_name *model = &p->subject->identity->model;
    struct fleet_spelled_list list;
    if (model->count == 0)
        return 0;
    if (fleet_spelled_initials(p->arena, model->forms[0].text, &list, p->e) != 0)
        return -1;
    for (size_t i = 0; i < list.count; i++) {
        struct fleet_name name;
        if (fleet_name_normalise(p->arena, FLEET_NAME_PRODUCT, list.at[i], &name, p->e) != 0)
            return -1;
        if (name.count && add_form(p, name.forms[0].text, name.forms[0].rules | FLEET_RULE_ACRONYM,
                                   FLEET_FROM_MODEL) != 0)
            return -1;
    }
    return 0;
}

/* "data_center_manager_sdk": words */
static int cpe_words(struct arena *a, const struct product_cpe_value *v, enum fleet_name_kind kind,
                     struct fleet_name *out, struct err *e)
{
    char *text = arena_copy(a, v->text.data, v->text.len);
    if (!text)
        return err_memory(e);
    for (size_t i = 0; i < v->text.len; i++)
        if (text[i] == '_')
            text[i] = ' ';
    return fleet_name_normalise(a, kind, slice_of(text, v->text.len), out, e);
}

/* Somebody wrote into the inventory which vendor's product it is: that counts where advisories have
 * names only. Not a guess at a CPE from a name. */
static int add_cpe(struct preparation *p)
{
    struct fleet_subject *s = p->subject;
    struct fleet_name vendor, product;
    struct fleet_form forms[FLEET_VARIANTS];
    if (!s->platform)
        return 0;
    const struct product_cpe_value *at = s->platform->at;
    if (cpe_words(p->arena, &at[PRODUCT_CPE_VENDOR], FLEET_NAME_VENDOR, &vendor, p->e) != 0 ||
        cpe_words(p->arena, &at[PRODUCT_CPE_PRODUCT], FLEET_NAME_PRODUCT, &product, p->e) != 0)
        return -1;
    if (product.count == 0 || vendor.count == 0)
        return 0;
    if (s->vendor.count == 0 && fleet_vendor_make(p->arena, &vendor, &s->vendor, p->e) != 0)
        return -1;
    int count = fleet_name_variants(p->arena, product.forms[0].text, product.forms[0].rules,
                                    &vendor, forms, p->e);
    for (int i = 0; i < count; i++)
        if (add_form(p, forms[i].text, forms[i].rules | FLEET_RULE_CPE, FLEET_FROM_PRODUCT) != 0)
            return -1;
    return count < 0 ? -1 : 0;
}

static int add_names(struct preparation *p)
{
    const struct fleet_identity *id = p->subject->identity;
    if (id->model.count &&
        add_variants(p, id->model.forms[0].text, id->model.forms[0].rules, FLEET_FROM_MODEL) != 0)
        return -1;
    if (id->model.count && add_without_line(p) != 0)
        return -1;
    if (add_with_vendor(p) != 0)
        return -1;
    if (id->kind == FLEET_SOFTWARE)
        return 0;
    if (id->product.count && add_variants(p, id->product.forms[0].text, id->product.forms[0].rules,
                                          FLEET_FROM_PRODUCT) != 0)
        return -1;
    if (id->family.count == 0)
        return 0;
    struct slice family = id->family.forms[0].text;
    if (id->model.count) {
        char *both = arena_printf(p->arena, "%.*s %.*s", SLICE_ARG(family),
                                  SLICE_ARG(id->model.forms[0].text));
        if (!both)
            return err_memory(p->e);
        if (add_variants(p, slice_str(both), id->model.forms[0].rules, FLEET_FROM_FAMILY_MODEL) !=
            0)
            return -1;
    }
    return add_variants(p, family, id->family.forms[0].rules, FLEET_FROM_FAMILY);
}

/* "6gk8822 1bg01 0ba0", "6es7 511 1ak02 0ab0" at the end of a name: an order number, its parts
 * apart. How many words it has; 0: none stands there. */
static size_t spaced_order(const struct fleet_words *words)
{
    static const size_t lengths[][4] = {{7, 5, 4, 0}, {4, 3, 5, 4}};
    for (size_t kind = 0; kind < ARRAY_LEN(lengths); kind++) {
        size_t parts = lengths[kind][3] ? 4 : 3, at = 0;
        if (words->cut || words->count <= parts)
            continue;
        const struct slice *tail = &words->at[words->count - parts];
        while (at < parts && tail[at].len == lengths[kind][at] && fleet_word_has_digit(tail[at]))
            at++;
        if (at == parts && tail[0].data[0] >= '0' && tail[0].data[0] <= '9')
            return parts;
    }
    return 0;
}

static int add_spaced_order(struct preparation *p)
{
    const struct fleet_name *model = &p->subject->identity->model;
    struct fleet_words words;
    struct slice form = model->count ? model->forms[0].text : slice_of(NULL, 0), order;
    fleet_words_split(form, &words);
    size_t parts = spaced_order(&words);
    if (parts == 0)
        return 0;
    size_t at = (size_t)(words.at[words.count - parts].data - form.data);
    if (fleet_order_normalise(p->arena, slice_of(form.data + at, form.len - at), &order, p->e) !=
            0 ||
        add_order(p, order) != 0)
        return -1;
    return add_variants(p, slice_of(form.data, at - 1), model->forms[0].rules | FLEET_RULE_ORDER,
                        FLEET_FROM_MODEL);
}

/* "Modicon M580 BMEP584040": behind the name its number, long enough to be one */
static int add_last_number(struct preparation *p)
{
    const struct fleet_name *model = &p->subject->identity->model;
    if (model->count == 0 || model->forms[0].text.len == 0)
        return 0;
    struct slice form = model->forms[0].text, order;
    size_t at = form.len, digits = 0;
    while (at > 0 && form.data[at - 1] != ' ')
        at--;
    struct slice last = slice_of(form.data + at, form.len - at);
    for (size_t i = 0; i < last.len; i++)
        digits += last.data[i] >= '0' && last.data[i] <= '9';
    if (at == 0 || last.len < 8 || digits < 4 || digits == last.len ||
        memchr(last.data, '.', last.len))
        return 0;
    if (fleet_order_normalise(p->arena, last, &order, p->e) != 0)
        return -1;
    return add_order(p, order);
}

/* As long as they are: an index keeps a great many of them. */
static int keep_lists(struct preparation *p)
{
    struct fleet_subject *s = p->subject;
    struct fleet_subject_form *forms = arena_new(p->arena, s->form_count + 1, sizeof *forms);
    struct slice *orders = arena_new(p->arena, s->order_count + 1, sizeof *orders);
    if (!forms || !orders)
        return err_memory(p->e);
    memcpy(forms, p->forms, s->form_count * sizeof *forms);
    for (size_t i = 0; i < s->form_count; i++)
        fleet_sketch_make(forms[i].text, &forms[i].sketch);
    memcpy(orders, p->orders, s->order_count * sizeof *orders);
    s->forms = forms;
    s->orders = orders;
    return 0;
}

/* Types of packages whose maintainers mend old versions. */
static bool distribution(struct slice purl)
{
    static const char *const types[] = {"pkg:deb/", "pkg:rpm/", "pkg:apk/", "pkg:alpm/"};
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (purl.len > strlen(types[i]) && memcmp(purl.data, types[i], strlen(types[i])) == 0)
            return true;
    return false;
}

int fleet_subject_prepare(struct arena *a, const struct fleet_identity *identity,
                          struct fleet_subject *out, struct err *e)
{
    struct preparation p;
    p.arena = a;
    p.subject = out;
    p.e = e;
    *out = (struct fleet_subject){.identity = identity};
    struct fleet_purl purl;
    struct fleet_cpe cpe;
    if (fleet_purl_parse(a, identity->purl, &purl, e) != 0 ||
        fleet_cpe_parse(a, identity->cpe, &cpe, e) != 0)
        return -1;
    if (fleet_vendor_make(a, &identity->vendor, &out->vendor, e) != 0)
        return -1;
    if (purl.ok) {
        out->purl_base = purl.base;
        out->purl_source = purl.source;
        out->source_version = purl.source_version;
        out->package = purl.parts;
    }
    out->distribution = purl.ok && distribution(purl.base);
    if (cpe.ok) {
        out->cpe = cpe.product;
        out->platform = cpe.name;
    }
    if (add_names(&p) != 0 || add_series(&p) != 0 || add_initials(&p) != 0 || add_cpe(&p) != 0)
        return -1;
    for (size_t i = 0; i < identity->orders.count; i++)
        if (add_order(&p, identity->orders.at[i]) != 0)
            return -1;
    if (add_spaced_order(&p) != 0)
        return -1;
    out->real_orders = out->order_count;
    /* a model that is written like an order number is one */
    for (size_t i = 0; i < out->form_count; i++) {
        struct slice order;
        if (p.forms[i].source >= FLEET_FROM_VENDOR_MODEL)
            continue;
        if (fleet_order_normalise(a, p.forms[i].text, &order, e) != 0)
            return -1;
        if (has_digit_and_length(order) && add_order(&p, order) != 0)
            return -1;
    }
    if (add_last_number(&p) != 0 || keep_lists(&p) != 0)
        return -1;
    out->model_missing = identity->kind == FLEET_DEVICE && identity->model.count == 0;
    struct slice name = identity->model.count     ? identity->model.forms[0].text
                        : identity->product.count ? identity->product.forms[0].text
                                                  : slice_of(NULL, 0);
    out->component = identity->kind == FLEET_DEVICE ? slice_str("nameplate")
                     : identity->purl.len           ? identity->purl
                                                    : name;
    return 0;
}
