/* SPDX-License-Identifier: Apache-2.0 */
/* Not affected, and why: the justification of a VEX statement reaches the component. */
#include "fleet_fixture.h"
#include "base/file.h"

#include <dirent.h>

static struct fleet_criteria *criteria_from(const char *text)
{
    struct err e = {0};
    struct csaf_document *d;
    struct fleet_criteria *c;
    if (csaf_load(&d, slice_str(text), &e) != 0) {
        char line[1024];
        err_line(&e, line, sizeof line);
        fail_msg("%s", line);
    }
    assert_int_equal(fleet_criteria_build(&c, d, &e), 0);
    csaf_free(d);
    return c;
}

static bool says(const struct fleet_statement *s, const char *rule, const char *text)
{
    for (size_t i = 0; i < s->reason_count; i++)
        if (strcmp(s->reasons[i].rule, rule) == 0 &&
            memmem(s->reasons[i].text.data, s->reasons[i].text.len, text, strlen(text)))
            return true;
    return false;
}

static void not_affected_because(const struct fleet_criteria *c, const char *inventory,
                                 const char *label, const char *words)
{
    struct fleet_result *r = result_of(c, inventory, NULL);
    struct buf json;
    struct json_writer w;
    assert_int_equal(r->count, 1);
    const struct fleet_statement *s = &r->statements[0];
    assert_int_equal(s->status, FLEET_NOT_AFFECTED);
    assert_true(slice_is(s->flag, label));
    assert_true(says(s, "status.justification", label));
    assert_true(says(s, "status.impact", words));
    buf_init(&json);
    json_write_init(&w, &json, 0);
    fleet_statement_write(&w, s, false);
    assert_non_null(strstr(buf_text(&json), "\"justification\":"));
    assert_non_null(strstr(buf_text(&json), words));
    buf_fini(&json);
    fleet_result_free(r);
}

#define GIN                                                                                        \
    "\"components\":[{\"name\":\"gin\",\"purl\":\"pkg:golang/github.com/gin-gonic/gin@1.5.0\"}]"

/* CSAF 2.0 section 4.5: flags and impact statements */
static void csaf_profile(void **state)
{
    (void)state;
    struct fleet_criteria *c = criteria_of(
        "\"full_product_names\":[{\"name\":\"gin\",\"product_id\":\"P1\","
        "\"product_identification_helper\":{\"purl\":\"pkg:golang/github.com/gin-gonic/gin\"}}]",
        "{\"cve\":\"CVE-2026-1000\",\"product_status\":{\"known_not_affected\":[\"P1\"]},"
        "\"flags\":[{\"label\":\"vulnerable_code_not_present\",\"product_ids\":[\"P1\"]}],"
        "\"threats\":[{\"category\":\"impact\",\"details\":\"The parser is left out.\","
        "\"product_ids\":[\"P1\"]}]}");
    not_affected_because(c, GIN, "vulnerable_code_not_present", "The parser is left out.");
    fleet_criteria_free(c);
}

#define OPENVEX(statements)                                                                        \
    "{\"@context\":\"https://openvex.dev/ns/v0.2.0\",\"@id\":\"https://a.example/vex-1\","         \
    "\"author\":\"A\",\"timestamp\":\"2026-01-01T00:00:00Z\",\"version\":3,\"statements\":"        \
    "[" statements "]}"

static void openvex(void **state)
{
    (void)state;
    struct fleet_criteria *c = criteria_from(
        OPENVEX("{\"vulnerability\":{\"name\":\"CVE-2026-1000\"},\"products\":[{\"@id\":"
                "\"pkg:golang/github.com/gin-gonic/gin@1.5.0\"}],\"status\":\"not_affected\","
                "\"justification\":\"component_not_present\",\"impact_statement\":\"Not built in.\""
                "},{\"vulnerability\":{\"name\":\"CVE-2026-1000\"},\"products\":[{\"@id\":"
                "\"pkg:golang/github.com/gin-gonic/gin@1.4.0\"}],\"status\":\"affected\","
                "\"action_statement\":\"Update.\"}"));
    assert_int_equal(c->source, CSAF_SOURCE_OPENVEX);
    /* both statements are of one vulnerability */
    assert_int_equal(c->vulnerability_count, 1);
    not_affected_because(c, GIN, "component_not_present", "Not built in.");
    struct fleet_result *r = result_of(c,
                                       "\"components\":[{\"name\":\"gin\",\"purl\":\"pkg:golang/"
                                       "github.com/gin-gonic/gin@1.4.0\"}]",
                                       NULL);
    assert_int_equal(r->status, FLEET_AFFECTED);
    assert_int_equal(r->statements[0].remedy_count, 1);
    fleet_result_free(r);
    fleet_criteria_free(c);
}

/* a subcomponent in a product: where both are, and nowhere else */
static void openvex_subcomponents(void **state)
{
    (void)state;
    struct fleet_criteria *c = criteria_from(
        OPENVEX("{\"vulnerability\":\"CVE-2026-1000\",\"products\":[{\"@id\":"
                "\"pkg:oci/app@sha256:aa\",\"subcomponents\":[{\"@id\":\"pkg:npm/left@1.0.0\"}]}],"
                "\"status\":\"not_affected\",\"justification\":"
                "\"vulnerable_code_not_in_execute_path\",\"impact_statement\":\"Never called.\"}"));
    not_affected_because(c,
                         "\"components\":[{\"name\":\"app\",\"purl\":\"pkg:oci/app@sha256:aa\"},"
                         "{\"name\":\"left\",\"purl\":\"pkg:npm/left@1.0.0\"}]",
                         "vulnerable_code_not_in_execute_path", "Never called.");
    struct fleet_result *r =
        result_of(c, "\"components\":[{\"name\":\"left\",\"purl\":\"pkg:npm/left@2.0.0\"}]", NULL);
    assert_int_not_equal(r->status, FLEET_NOT_AFFECTED);
    fleet_result_free(r);
    fleet_criteria_free(c);
}

static void cyclonedx(void **state)
{
    (void)state;
    struct fleet_criteria *c = criteria_from(
        "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.5\",\"version\":1,\"serialNumber\":"
        "\"urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79\",\"components\":[{\"bom-ref\":\"a\","
        "\"name\":\"gin\",\"purl\":\"pkg:golang/github.com/gin-gonic/gin\"}],\"vulnerabilities\":["
        "{\"id\":\"CVE-2026-1000\",\"analysis\":{\"state\":\"not_affected\",\"justification\":"
        "\"code_not_reachable\",\"detail\":\"Behind a switch.\"},\"affects\":[{\"ref\":"
        "\"urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#a\"}]},"
        "{\"id\":\"CVE-2026-1001\",\"recommendation\":\"Update.\",\"affects\":[{\"ref\":\"a\","
        "\"versions\":[{\"range\":\"vers:golang/>=1.0.0|<1.4.0\"},{\"version\":\"1.4.0\","
        "\"status\":\"unaffected\"}]}]}]}");
    assert_int_equal(c->source, CSAF_SOURCE_CYCLONEDX);
    struct fleet_result *r = result_of(c, GIN, NULL);
    assert_int_equal(r->count, 2);
    assert_int_equal(r->statements[0].status, FLEET_NOT_AFFECTED);
    assert_true(slice_is(r->statements[0].flag, "code_not_reachable"));
    assert_true(says(&r->statements[0], "status.impact", "Behind a switch."));
    assert_int_equal(r->statements[1].status, FLEET_NOT_AFFECTED);
    fleet_result_free(r);
    r = result_of(c,
                  "\"components\":[{\"name\":\"gin\",\"purl\":\"pkg:golang/github.com/gin-gonic/"
                  "gin@1.3.0\"}]",
                  NULL);
    assert_int_equal(r->statements[1].status, FLEET_AFFECTED);
    assert_int_equal(r->statements[1].remedy_count, 1);
    fleet_result_free(r);
    fleet_criteria_free(c);
}

/* Every VEX example of CycloneDX is read. */
static void read_folder(const char *path, size_t *read)
{
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char below[512];
        size_t len = strlen(entry->d_name);
        if (entry->d_name[0] == '.')
            continue;
        snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
        if (file_kind(below) == 2) {
            read_folder(below, read);
            continue;
        }
        if (len < 8 || strcmp(entry->d_name + len - 8, "vex.json") != 0)
            continue;
        struct buf text;
        struct err e = {0};
        struct csaf_document *d;
        buf_init(&text);
        assert_int_equal(file_read(below, 1 << 20, &text, &e), 0);
        if (csaf_load(&d, buf_slice(&text), &e) != 0)
            fail_msg("%s: %s (%s)", below, e.text, e.where);
        assert_int_equal(d->source, CSAF_SOURCE_CYCLONEDX);
        csaf_free(d);
        buf_fini(&text);
        ++*read;
    }
    if (dir)
        closedir(dir);
}

static void cyclonedx_examples(void **state)
{
    (void)state;
    static const char folder[] = "../shared/data/cyclonedx-bom-examples/VEX";
    size_t read = 0;
    if (file_kind(folder) != 2) {
        print_message("skipped: no ../shared/data\n");
        skip();
    }
    read_folder(folder, &read);
    print_message("CycloneDX: %zu VEX documents read\n", read);
    assert_true(read >= 20);
}

/* refused whole: by which rule, and where */
static void faults_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *code, *where;
    } rows[] = {
        {"{\"id\":\"A-1\",\"modified\":\"x\",\"details\":\"d\"}", "csaf.format", "/modified"},
        {"{\"id\":\"A-1\",\"modified\":\"2026-01-01T00:00:00Z\",\"affected\":[{\"package\":{"
         "\"ecosystem\":\"npm\",\"name\":\"a\"},\"ranges\":[{\"type\":\"SEMVER\",\"events\":[{"
         "\"fixed\":\"1\"}]}]}]}",
         "osv.event", "/affected/0/ranges/0/events"},
        {"{\"id\":\"A-1\",\"modified\":\"2026-01-01T00:00:00Z\",\"affected\":[{\"package\":{"
         "\"ecosystem\":\"npm\",\"name\":\"a\"},\"ranges\":[{\"type\":\"DATE\",\"events\":[]}]}]}",
         "osv.type", "/affected/0/ranges/0"},
        {"{\"dataType\":\"CVE_RECORD\",\"cveMetadata\":{\"cveId\":\"CVE-1\"},\"containers\":{"
         "\"cna\":"
         "{}}}",
         "csaf.format", "/cveMetadata"},
        {"{\"cveMetadata\":{\"cveId\":\"CVE-2026-1000\"},\"containers\":{\"cna\":{\"affected\":[{"
         "\"product\":\"p\",\"versions\":[{\"version\":\"1\",\"status\":\"maybe\"}]}]}}}",
         "csaf.enum", "/containers/cna/affected/0/versions/0/status"},
        {OPENVEX("{\"vulnerability\":\"CVE-2026-1000\",\"products\":[],\"status\":\"fine\"}"),
         "csaf.enum", "/statements/0"},
        {OPENVEX("{\"products\":[],\"status\":\"fixed\"}"), "csaf.required", "/statements/0"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err e = {0};
        struct csaf_document *d;
        assert_int_equal(csaf_load(&d, slice_str(rows[i].text), &e), -1);
        if (strcmp(e.code, rows[i].code) != 0 || !strstr(e.where, rows[i].where))
            fail_msg("%s: %s at %s: %s", rows[i].text, e.code, e.where, e.text);
    }
}

/* a weak hash can be had for another file; a strong one of the same kind decides */
static void several_hashes(void **state)
{
    (void)state;
#define MD5 "00112233445566778899aabbccddeeff"
#define SHA "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SHB "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
    struct fleet_criteria *c = criteria_of(
        "\"full_product_names\":[{\"name\":\"f\",\"product_id\":\"P1\","
        "\"product_identification_helper\":{\"hashes\":[{\"filename\":\"f\",\"file_hashes\":["
        "{\"algorithm\":\"md5\",\"value\":\"" MD5 "\"},{\"algorithm\":\"SHA256\",\"value\":\"" SHA
        "\"}]}]}}]",
        AFFECTED("\"P1\""));
#define FILE_WITH(hashes) "\"components\":[{\"name\":\"x\",\"hashes\":[" hashes "]}]"
    static const struct expectation cases[] = {
        {FILE_WITH("\"sha-256:" SHA "\""), FLEET_AFFECTED, "identity.hash", NULL, 100, 100},
        {FILE_WITH("\"sha-256:" SHA "\",\"md5:" MD5 "\""), FLEET_AFFECTED, "identity.hash", NULL,
         100, 100},
        {FILE_WITH("\"md5:" MD5 "\""), FLEET_AFFECTED, "identity.hash", NULL, 90, 90},
        {FILE_WITH("\"md5:" MD5 "\",\"sha-256:" SHB "\""), FLEET_NOT_LISTED, NULL, NULL, 0, 0},
    };
    expect(c, cases, ARRAY_LEN(cases));
    fleet_criteria_free(c);
}

/* CSAF 2.0 section 3.1.3.3.3: "?" and "*" are wildcards, "\*" is a sign */
static void escapes_in_model_numbers(void **state)
{
    (void)state;
    struct fleet_criteria *c = criteria_of(
        TREE(
            PRODUCT("Drive", "< 5", "P1",
                    ",\"product_identification_helper\":{\"model_numbers\":[\"NL-AB12\\\\*34\"]}")),
        AFFECTED("\"P1\""));
    static const struct expectation cases[] = {
        {PLATE("Nordlicht Antriebe", "unnamed", ",\"order\":\"NL-AB12*34\",\"firmware\":\"4\""),
         FLEET_AFFECTED, "identity.model", NULL, 97, 97},
        {PLATE("Nordlicht Antriebe", "unnamed", ",\"order\":\"NL-AB12XX34\",\"firmware\":\"4\""),
         FLEET_NOT_LISTED, NULL, NULL, 0, 0},
    };
    expect(c, cases, ARRAY_LEN(cases));
    fleet_criteria_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csaf_profile),          cmocka_unit_test(openvex),
        cmocka_unit_test(openvex_subcomponents), cmocka_unit_test(cyclonedx),
        cmocka_unit_test(cyclonedx_examples),    cmocka_unit_test(faults_are_named),
        cmocka_unit_test(several_hashes),        cmocka_unit_test(escapes_in_model_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
