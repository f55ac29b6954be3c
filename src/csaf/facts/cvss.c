/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, writing and naming of CVSS vectors, the same for all versions. */
#include "csaf/facts/cvss_internal.h"

static const struct {
    const char *name, *prefix, *clause;
    const struct csaf_cvss_metric *metrics;
    size_t count;
} versions[] = {
    [CSAF_CVSS_2_0] = {"2.0", "", "CVSS 2.0 section 2.4", csaf_cvss_metrics_2, CVSS_METRICS_2},
    [CSAF_CVSS_3_0] = {"3.0", "CVSS:3.0/", "CVSS 3.0 section 6", csaf_cvss_metrics_3,
                       CVSS_METRICS_3},
    [CSAF_CVSS_3_1] = {"3.1", "CVSS:3.1/", "CVSS 3.1 section 6", csaf_cvss_metrics_3,
                       CVSS_METRICS_3},
    [CSAF_CVSS_4_0] = {"4.0", "CVSS:4.0/", "CVSS 4.0 section 7", csaf_cvss_metrics_4,
                       CVSS_METRICS_4},
};

static bool starts_with(struct slice s, const char *text)
{
    size_t len = strlen(text);
    return s.len >= len && memcmp(s.data, text, len) == 0;
}

static int refuse(enum csaf_cvss_version version, size_t offset, struct err *e, const char *what,
                  struct slice about)
{
    (void)err_set(e, ERR_INPUT, "csaf.cvss", versions[version].clause, "%s \"%.*s\"", what,
                  (int)(about.len < 60 ? about.len : 60), (const char *)about.data);
    return err_where(e, "offset %zu", offset);
}

/* Most names of a table differ in their first letter, which is looked at before their length. */
static bool is_called(struct slice text, const char *name)
{
    return text.len > 0 && text.data[0] == (uint8_t)name[0] && slice_is(text, name);
}

static int index_of(const struct csaf_cvss_metric *metrics, size_t count, struct slice key)
{
    for (size_t i = 0; i < count; i++)
        if (is_called(key, metrics[i].key))
            return (int)i;
    return -1;
}

/* One "AV:N" at the offset; *last is the index of the metric before it. */
static int parse_metric(struct csaf_cvss *out, struct slice part, size_t offset, int *last,
                        struct err *e)
{
    const struct csaf_cvss_metric *metrics = versions[out->version].metrics;
    const uint8_t *colon = part.len ? memchr(part.data, ':', part.len) : NULL;
    if (!colon)
        return refuse(out->version, offset, e, "there is no metric in", part);
    struct slice key = slice_of(part.data, (size_t)(colon - part.data));
    struct slice value = slice_of(colon + 1, part.len - key.len - 1);
    int metric = index_of(metrics, versions[out->version].count, key);
    if (metric < 0)
        return refuse(out->version, offset, e, "this version has no metric", key);
    if (out->value[metric])
        return refuse(out->version, offset, e, "the vector has more than one", key);
    if (metric < *last) {
        if (out->version == CSAF_CVSS_4_0)
            return refuse(out->version, offset, e, "too late in the vector's fixed order stands",
                          part);
        out->in_order = false;
    }
    *last = metric;
    for (uint8_t i = 0; metrics[metric].values[i].key; i++)
        if (slice_is(value, metrics[metric].values[i].key)) {
            out->value[metric] = (uint8_t)(i + 1);
            return 0;
        }
    return refuse(out->version, offset + key.len + 1, e, "the metric has no such value:", part);
}

/* The first base metric that the vector lacks; NULL: none. */
static const char *lacking(const struct csaf_cvss *c)
{
    for (size_t i = 0; i < versions[c->version].count; i++)
        if (versions[c->version].metrics[i].group == CSAF_CVSS_BASE && !c->value[i])
            return versions[c->version].metrics[i].key;
    return NULL;
}

int csaf_cvss_parse(struct csaf_cvss *out, struct slice text, struct err *e)
{
    *out = (struct csaf_cvss){.version = CSAF_CVSS_2_0, .in_order = true};
    if (text.len == 0)
        text = slice_str(""); /* there may be no text at all */
    if (starts_with(text, "CVSS:")) {
        int version = CSAF_CVSS_3_0;
        while (version <= CSAF_CVSS_4_0 && !starts_with(text, versions[version].prefix))
            version++;
        if (version > CSAF_CVSS_4_0) {
            (void)err_set(e, ERR_INPUT, "csaf.cvss", "CVSS 4.0 section 7",
                          "the vector starts with none of \"CVSS:3.0/\", \"CVSS:3.1/\" and "
                          "\"CVSS:4.0/\"");
            return err_where(e, "offset 0");
        }
        out->version = (enum csaf_cvss_version)version;
    }
    int last = -1;
    size_t at = strlen(versions[out->version].prefix);
    for (bool more = true; more;) {
        size_t end = at;
        while (end < text.len && text.data[end] != '/')
            end++;
        if (parse_metric(out, slice_of(text.data + at, end - at), at, &last, e) != 0)
            return -1;
        more = end < text.len;
        at = end + 1;
    }
    const char *missing = lacking(out);
    if (missing)
        return refuse(out->version, text.len, e, "the vector lacks the base metric",
                      slice_str(missing));
    return 0;
}

void csaf_cvss_print(const struct csaf_cvss *c, struct buf *b)
{
    const struct csaf_cvss_metric *metrics = versions[c->version].metrics;
    bool first = true;
    buf_puts(b, versions[c->version].prefix);
    for (size_t i = 0; i < versions[c->version].count; i++) {
        if (!c->value[i])
            continue;
        buf_printf(b, "%s%s:%s", first ? "" : "/", metrics[i].key,
                   metrics[i].values[c->value[i] - 1].key);
        first = false;
    }
}

const char *csaf_cvss_version_name(enum csaf_cvss_version version)
{
    return versions[version].name;
}

int csaf_cvss_version_find(struct slice name)
{
    for (int i = CSAF_CVSS_2_0; i <= CSAF_CVSS_4_0; i++)
        if (slice_is(name, versions[i].name))
            return i;
    return -1;
}

int csaf_cvss_score(const struct csaf_cvss *c, struct csaf_cvss_scores *out)
{
    *out = (struct csaf_cvss_scores){0};
    if (lacking(c))
        return -1;
    switch (c->version) {
    case CSAF_CVSS_2_0: csaf_cvss_score_2(c, out); break;
    case CSAF_CVSS_3_0:
    case CSAF_CVSS_3_1: csaf_cvss_score_3(c, out); break;
    case CSAF_CVSS_4_0: csaf_cvss_score_4(c, out); break;
    }
    return 0;
}

bool csaf_cvss_has(const struct csaf_cvss *c, enum csaf_cvss_group group)
{
    for (size_t i = 0; i < versions[c->version].count; i++)
        if (versions[c->version].metrics[i].group == group && c->value[i])
            return true;
    return false;
}

const char *csaf_cvss_severity(int tenths)
{
    return tenths <= 0   ? "NONE"
           : tenths < 40 ? "LOW"
           : tenths < 70 ? "MEDIUM"
           : tenths < 90 ? "HIGH"
                         : "CRITICAL";
}

bool csaf_cvss_score_is(struct slice number, int tenths)
{
    /* digits[.digits][e[+-]digits]: the digits, and where their point is after the exponent */
    int64_t mantissa = 0;
    int64_t exponent = 0;
    size_t at = 0;
    bool fraction = false, negative = number.len > 0 && number.data[0] == '-', zero = true;
    if (negative)
        at++;
    for (; at < number.len && number.data[at] != 'e' && number.data[at] != 'E'; at++) {
        if (number.data[at] == '.') {
            fraction = true;
            continue;
        }
        int digit = number.data[at] - '0';
        if (digit < 0 || digit > 9)
            return false;
        if (mantissa < INT64_MAX / 100) {
            mantissa = mantissa * 10 + digit;
            exponent -= fraction;
        } else { /* longer than any score: only more zeros keep it one */
            if (digit != 0)
                return false;
            exponent += !fraction;
        }
        zero = zero && digit == 0;
    }
    if (at < number.len) {
        bool minus = ++at < number.len && number.data[at] == '-';
        int64_t power = 0;
        if (at < number.len && (minus || number.data[at] == '+'))
            at++;
        for (; at < number.len; at++) {
            if (number.data[at] < '0' || number.data[at] > '9')
                return false;
            power = power < 1000000 ? power * 10 + (number.data[at] - '0') : power;
        }
        exponent += minus ? -power : power;
    }
    if (zero || negative)
        return zero && tenths == 0;
    for (exponent++; exponent < 0 && mantissa % 10 == 0; exponent++)
        mantissa /= 10;
    for (; exponent > 0 && mantissa <= 100; exponent--)
        mantissa *= 10;
    return exponent == 0 && mantissa == tenths;
}

const char *csaf_cvss_score_text(int tenths)
{
    static const char texts[101][5] = {
#define ROW(n) n ".0", n ".1", n ".2", n ".3", n ".4", n ".5", n ".6", n ".7", n ".8", n ".9"
        ROW("0"), ROW("1"), ROW("2"), ROW("3"), ROW("4"), ROW("5"),
        ROW("6"), ROW("7"), ROW("8"), ROW("9"), "10.0"
#undef ROW
    };
    return texts[tenths < 0 ? 0 : tenths > 100 ? 100 : tenths];
}

const struct csaf_cvss_metric *csaf_cvss_metrics(enum csaf_cvss_version version, size_t *count)
{
    *count = versions[version].count;
    return versions[version].metrics;
}

int csaf_cvss_metric_of_member(enum csaf_cvss_version version, struct slice member)
{
    for (size_t i = 0; i < versions[version].count; i++)
        if (is_called(member, versions[version].metrics[i].member))
            return (int)i;
    return -1;
}

int csaf_cvss_metric_of_key(enum csaf_cvss_version version, struct slice key)
{
    return index_of(versions[version].metrics, versions[version].count, key);
}

/* The value that the vector has; where it lacks the metric, "not defined", or NULL. */
static const struct csaf_cvss_value *value_of(const struct csaf_cvss *c, int metric)
{
    const struct csaf_cvss_metric *m = &versions[c->version].metrics[metric];
    if (c->value[metric])
        return &m->values[c->value[metric] - 1];
    return m->group == CSAF_CVSS_BASE ? NULL : &m->values[0];
}

const char *csaf_cvss_name(const struct csaf_cvss *c, int metric)
{
    const struct csaf_cvss_value *value = value_of(c, metric);
    return value ? value->name : "NOT_DEFINED";
}

bool csaf_cvss_name_is(const struct csaf_cvss *c, int metric, struct slice name)
{
    const struct csaf_cvss_value *value = value_of(c, metric);
    return value && (slice_is(name, value->name) || (value->also && slice_is(name, value->also)));
}

int csaf_cvss_set(struct csaf_cvss *c, struct slice member, struct slice name)
{
    int metric = csaf_cvss_metric_of_member(c->version, member);
    if (metric < 0)
        return -1;
    const struct csaf_cvss_value *values = versions[c->version].metrics[metric].values;
    for (uint8_t i = 0; values[i].key; i++)
        if (slice_is(name, values[i].name) || (values[i].also && slice_is(name, values[i].also))) {
            c->value[metric] = (uint8_t)(i + 1);
            return 0;
        }
    return -1;
}
