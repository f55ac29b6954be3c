/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encoding.h"
#include "base/file.h"
#include "base/memory.h"
#include "crypto/digest.h"
#include "fleet/class.h"
#include "fleet/inventory.h"

#include <dirent.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static const char plate[] =
    "{\"format\":\"tocsin-nameplate/v1\",\n"
    " \"nameplate\":{\"vendor\":\"Nordlicht Antriebe GmbH\",\"model\":\"DC-7 (NL-DC7-100)\",\n"
    "  \"family\":\"DC series\",\"firmware\":\"V4.2\",\"serial\":\"A1234\",\"hardware\":\"B\"},\n"
    " \"components\":[{\"name\":\"libcurl4\",\"version\":\"7.88.1-10+deb12u5\",\n"
    "   \"purl\":\"pkg:deb/debian/libcurl4@7.88.1-10%2Bdeb12u5?arch=arm64\",\n"
    "   \"hashes\":[\"sha-256:00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff\"]"
    "},\n"
    "  {\"name\":\"web\",\"vendor\":\"Acme, Inc.\",\"version\":\"1.0\",\n"
    "   \"cpe\":\"cpe:2.3:a:acme:web\\\\:ui:1.0:*:*:*:*:*:*:*\"}]}\n";

static struct fleet_inventory *read_ok(const char *text)
{
    struct err e = {0};
    struct fleet_inventory *i;
    if (fleet_inventory_read(&i, slice_str(text), NULL, &e) != 0) {
        char line[1024];
        err_line(&e, line, sizeof line);
        print_message("%s\n", line);
        fail();
    }
    return i;
}

static struct fleet_class *class_of(const char *text)
{
    struct err e = {0};
    struct fleet_class *c;
    struct fleet_inventory *i = read_ok(text);
    assert_int_equal(fleet_class_build(&c, i, &e), 0);
    fleet_inventory_free(i);
    return c;
}

static void nameplate_is_read(void **state)
{
    (void)state;
    struct fleet_inventory *i = read_ok(plate);
    assert_true(i->has_nameplate);
    assert_true(slice_is(i->nameplate.vendor, "Nordlicht Antriebe GmbH"));
    assert_true(slice_is(i->nameplate.serial, "A1234"));
    assert_int_equal(i->count, 2);
    assert_true(slice_is(i->components[0].hashes[0].value,
                         "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"));
    assert_string_equal(i->components[1].pointer, "/components/1");
    /* written and read again it is the same */
    struct buf b;
    struct json_writer w;
    struct err e = {0};
    buf_init(&b);
    json_write_init(&w, &b, 0);
    json_write_object(&w);
    json_member_string(&w, "asset", "ast_1");
    fleet_inventory_write(&w, i);
    json_write_object_end(&w);
    assert_int_equal(json_check_canonical(buf_slice(&b), &e), 0);
    struct json_doc *doc;
    struct fleet_inventory *again;
    assert_int_equal(json_parse(&doc, buf_slice(&b), NULL, &e), 0);
    assert_int_equal(fleet_inventory_value(&again, doc, json_root(doc), NULL, &e), 0);
    struct fleet_class *x, *y;
    assert_int_equal(fleet_class_build(&x, i, &e), 0);
    assert_int_equal(fleet_class_build(&y, again, &e), 0);
    assert_memory_equal(x->digest, y->digest, 32);
    assert_true(slice_is(again->nameplate.serial, "A1234"));
    fleet_class_free(x);
    fleet_class_free(y);
    fleet_inventory_free(again);
    json_doc_free(doc);
    buf_fini(&b);
    fleet_inventory_free(i);
}

static void bad_inventories_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *code, *where;
    } cases[] = {
        {"{}", "inventory.format", "line 1"},
        {"[1]", "inventory.format", "line 1"},
        {"{\"format\":\"tocsin-nameplate/v2\"}", "inventory.format", ""},
        {"{\"format\":\"tocsin-nameplate/v1\"}", "inventory.required", ""},
        {"{\"format\":\"tocsin-nameplate/v1\",\"nameplate\":{\"vendor\":\"x\"}}",
         "inventory.required", "/nameplate"},
        {"{\"format\":\"tocsin-nameplate/v1\",\"nameplate\":{\"model\":7}}", "inventory.type",
         "/nameplate/model"},
        {"{\"format\":\"tocsin-nameplate/v1\",\"nameplate\":{\"model\":\"x\",\"firmwareVersion\":"
         "\"1\"}}",
         "inventory.member", "/nameplate/firmwareVersion"},
        {"{\"format\":\"tocsin-nameplate/v1\",\"nameplate\":{\"model\":\"x\\u0007\"}}",
         "inventory.value", "/nameplate/model"},
        {"{\"format\":\"tocsin-nameplate/v1\",\"components\":[{\"version\":\"1\"}]}",
         "inventory.required", "/components/0"},
        {"{\"format\":\"tocsin-nameplate/"
         "v1\",\"components\":[{\"name\":\"a\",\"hashes\":[\"x\"]}]}",
         "inventory.type", "/components/0/hashes/0"},
        {"{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.3\"}", "inventory.format",
         "/specVersion"},
        {"{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.5\",\"components\":{}}",
         "inventory.type", "/components"},
        {"{\"spdxVersion\":\"SPDX-3.0\"}", "inventory.format", "/spdxVersion"},
        {"Package: x\nwhat is this\n", "inventory.format", "line 2"},
        {"{\"format\":", "json.syntax", "line 1"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = {0};
        struct fleet_inventory *inventory;
        assert_int_equal(fleet_inventory_read(&inventory, slice_str(cases[i].text), NULL, &e), -1);
        assert_null(inventory);
        if (strcmp(e.code, cases[i].code) != 0 || !strstr(e.where, cases[i].where))
            print_message("%s: %s %s\n", cases[i].text, e.code, e.where);
        assert_string_equal(e.code, cases[i].code);
        assert_non_null(strstr(e.where, cases[i].where));
    }
}

static void limits_hold(void **state)
{
    (void)state;
    struct fleet_inventory_limits limits = fleet_inventory_limits_default;
    struct fleet_inventory *i;
    struct err e = {0};
    limits.components = 1;
    assert_int_equal(fleet_inventory_read(&i, slice_str(plate), &limits, &e), -1);
    assert_int_equal(e.kind, ERR_LIMIT);
    assert_string_equal(e.code, "inventory.limit");
    limits = fleet_inventory_limits_default;
    limits.bytes = 100;
    err_clear(&e);
    assert_int_equal(fleet_inventory_read(&i, slice_str(plate), &limits, &e), -1);
    assert_int_equal(e.kind, ERR_LIMIT);
    limits = fleet_inventory_limits_default;
    limits.value = 10;
    err_clear(&e);
    assert_int_equal(fleet_inventory_read(&i, slice_str(plate), &limits, &e), -1);
    assert_string_equal(e.code, "inventory.value");
    assert_int_equal(e.kind, ERR_LIMIT);
    limits = fleet_inventory_limits_default;
    limits.hashes = 0;
    err_clear(&e);
    assert_int_equal(fleet_inventory_read(&i, slice_str(plate), &limits, &e), -1);
    assert_string_equal(e.code, "inventory.limit");
    limits = fleet_inventory_limits_default;
    limits.rows = 1;
    struct fleet_csv *csv;
    err_clear(&e);
    assert_int_equal(fleet_csv_read(&csv, slice_str("asset,model\na,b\nc,d\n"), &limits, &e), -1);
    assert_string_equal(e.code, "inventory.limit");
}

/* one device must not make every advisory expensive */
static void same_components_are_limited(void **state)
{
    (void)state;
    static const char *const members[] = {"\"name\":\"x\",\"version\":\"%d\"",
                                          "\"name\":\"%d\",\"purl\":\"pkg:npm/x@%d\"",
                                          "\"name\":\"%d\",\"cpe\":\"cpe:/a:v:p:%d\""};
    for (size_t m = 0; m < ARRAY_LEN(members); m++)
        for (int count = FLEET_SAME; count <= FLEET_SAME + 1; count++) {
            struct buf b;
            struct err e = {0};
            struct fleet_class *c = NULL;
            buf_init(&b);
            buf_puts(&b, "{\"format\":\"tocsin-nameplate/v1\",\"components\":[");
            for (int i = 0; i < count; i++) {
                buf_puts(&b, i ? ",{" : "{");
                for (const char *at = members[m]; *at; at++)
                    if (at[0] == '%' && at[1] == 'd') {
                        buf_printf(&b, "%d", i);
                        at++;
                    } else {
                        buf_putc(&b, *at);
                    }
                buf_putc(&b, '}');
            }
            buf_puts(&b, "]}");
            struct fleet_inventory *i = read_ok(buf_text(&b));
            int result = fleet_class_build(&c, i, &e);
            assert_int_equal(result, count > FLEET_SAME ? -1 : 0);
            if (result != 0) {
                assert_int_equal(e.kind, ERR_LIMIT);
                assert_string_equal(e.code, "class.limit");
            }
            fleet_class_free(c);
            fleet_inventory_free(i);
            buf_fini(&b);
        }
}

/* X.1206 8.1: the class does not depend on order, spelling, serial number or document */
static void class_is_the_set_of_identities(void **state)
{
    (void)state;
    static const char other[] =
        "{\"components\":[{\"cpe\":\"cpe:2.3:a:Acme:web\\\\:ui:1.0:*:*:*:*:*:*:*\","
        "\"vendor\":\"ACME Inc\",\"name\":\"Web\",\"version\":\" v1.0\"},"
        "{\"version\":\"7.88.1-10+deb12u5\",\"name\":\"libcurl4\",\"purl\":"
        "\"PKG:deb/Debian/libcurl4@7.88.1-10+deb12u5?Arch=arm64\",\"hashes\":[\"SHA256:"
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"]}],"
        "\"nameplate\":{\"serial\":\"B9\",\"model\":\"dc-7\",\"order\":\"NL-DC7-100\","
        "\"family\":\"DC Series\",\"firmware\":\"4.2\",\"hardware\":\"b\","
        "\"vendor\":\" Nordlicht  Antriebe\"},\"format\":\"tocsin-nameplate/v1\"}";
    struct fleet_class *x = class_of(plate), *y = class_of(other);
    if (!slice_equal(x->canonical, y->canonical))
        print_message("%.*s\n%.*s\n", SLICE_ARG(x->canonical), SLICE_ARG(y->canonical));
    assert_true(slice_equal(x->canonical, y->canonical));
    assert_memory_equal(x->digest, y->digest, 32);
    assert_int_equal(x->count, 3);
    struct err e = {0};
    assert_int_equal(json_check_canonical(x->canonical, &e), 0);
    /* docs/formats-inventory.md section 3: the digest by hand */
    uint8_t digest[32];
    const struct slice parts[] = {slice_str("tocsin-class/v1\n"), x->canonical};
    assert_int_equal(sha256_slices(parts, 2, digest), 0);
    assert_memory_equal(x->digest, digest, 32);
    char text[FLEET_CLASS_TEXT];
    fleet_class_format(x->digest, text);
    assert_int_equal(strlen(text), 71);
    /* back from storage */
    struct fleet_class *again;
    assert_int_equal(fleet_class_parse(&again, x->canonical, &e), 0);
    assert_memory_equal(again->digest, x->digest, 32);
    assert_int_equal(again->count, x->count);
    fleet_class_free(again);
    /* another firmware is another class */
    char *changed = strdup(plate);
    *strstr(changed, "V4.2") = 'W';
    struct fleet_class *z = class_of(changed);
    assert_memory_not_equal(z->digest, x->digest, 32);
    free(changed);
    fleet_class_free(x);
    fleet_class_free(y);
    fleet_class_free(z);
}

static void foreign_text_is_no_class(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{}",
        "[]",
        "{\"components\":[]}",
        "{\"components\":[], \"format\":\"tocsin-class/v1\"}",
        "{\"components\":[],\"format\":\"tocsin-class/v2\"}",
        ("{\"components\":[{\"kind\":\"device\",\"version\":\"1\",\"model\":\"x\"}],"
         "\"format\":\"tocsin-class/v1\"}"),
        "{\"components\":[{\"kind\":\"other\"}],\"format\":\"tocsin-class/v1\"}",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct err e = {0};
        struct fleet_class *c;
        assert_int_equal(fleet_class_parse(&c, slice_str(texts[i]), &e), -1);
        assert_string_equal(e.code, "class.format");
    }
    struct err e = {0};
    struct fleet_class *c;
    assert_int_equal(
        fleet_class_parse(&c, slice_str("{\"components\":[],\"format\":\"tocsin-class/v1\"}"), &e),
        0);
    assert_int_equal(c->count, 0);
    fleet_class_free(c);
}

static void dpkg_status_is_read(void **state)
{
    (void)state;
    struct fleet_inventory *i = read_ok("Package: curl\nStatus: install ok installed\n"
                                        "Architecture: amd64\nVersion: 7.88.1-10+deb12u5\n"
                                        "Description: tool\n with: more\n\n"
                                        "Package: gone\nStatus: deinstall ok config-files\n"
                                        "Version: 1\n\n\n"
                                        "Package: g++\nStatus: install ok installed\n"
                                        "Source: gcc-defaults (1.203)\n"
                                        "Version: 4:12.2.0-3\n");
    assert_int_equal(i->count, 2);
    /* the source package, which is named only where it is another one */
    assert_true(slice_is(i->components[0].purl,
                         "pkg:deb/debian/curl@7.88.1-10%2Bdeb12u5?arch=amd64&upstream=curl"));
    assert_true(slice_is(i->components[1].purl,
                         "pkg:deb/debian/g%2B%2B@4:12.2.0-3?upstream=gcc-defaults%401.203"));
    assert_string_equal(i->components[1].pointer, "line 13");
    fleet_inventory_free(i);
}

static void merged_inventories_keep_the_first_nameplate(void **state)
{
    (void)state;
    struct err e = {0};
    struct fleet_inventory *all = fleet_inventory_new();
    struct fleet_inventory *one = read_ok(plate);
    struct fleet_inventory *two =
        read_ok("{\"format\":\"tocsin-nameplate/v1\",\"nameplate\":{\"model\":\"other\","
                "\"sku\":\"S-1\"},\"components\":[{\"name\":\"more\"}]}");
    assert_int_equal(fleet_inventory_merge(all, one, &e), 0);
    assert_int_equal(fleet_inventory_merge(all, two, &e), 0);
    fleet_inventory_free(one);
    fleet_inventory_free(two);
    assert_int_equal(all->count, 3);
    assert_true(slice_is(all->nameplate.model, "DC-7 (NL-DC7-100)"));
    assert_true(slice_is(all->nameplate.sku, "S-1"));
    assert_true(slice_is(all->components[2].name, "more"));
    fleet_inventory_free(all);
}

static void csv_reports_each_bad_row(void **state)
{
    (void)state;
    static const char text[] = "\xef\xbb\xbf"
                               "Asset,Vendor,Model,Firmware,Owner\r\n"
                               "pump-1,\"Nordlicht, GmbH\",DC-7,4.2,ops\r\n"
                               "pump-2,Nordlicht,DC-7\r\n"
                               "\"pump \"\"3\"\"\",N,\"two\nlines\",1,ops\n"
                               ",N,M,1,ops\n"
                               "pump-4,N,,1,ops\n"
                               "\n"
                               "pump-5,a\"b,M,1,ops\n"
                               "pump-6,N,M,,ops";
    struct fleet_csv *csv;
    struct err e = {0};
    assert_int_equal(fleet_csv_read(&csv, slice_str(text), NULL, &e), 0);
    assert_int_equal(csv->count, 7);
    assert_int_equal(csv->bad, 4);
    assert_true(slice_is(csv->rows[0].asset, "pump-1"));
    assert_true(slice_is(csv->rows[0].inventory->nameplate.vendor, "Nordlicht, GmbH"));
    assert_string_equal(csv->rows[1].err->where, "line 3");
    assert_true(slice_is(csv->rows[2].asset, "pump \"3\""));
    assert_int_equal(csv->rows[3].line, 6);
    assert_string_equal(csv->rows[3].err->code, "inventory.required");
    assert_string_equal(csv->rows[4].err->code, "inventory.required");
    assert_null(csv->rows[5].inventory);
    assert_true(slice_is(csv->rows[6].asset, "pump-6"));
    fleet_csv_free(csv);
    static const char *const bad[] = {"", "asset,colour\n", "vendor,model\n", "asset,asset\n",
                                      "\"asset\n"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        err_clear(&e);
        assert_int_equal(fleet_csv_read(&csv, slice_str(bad[i]), NULL, &e), -1);
        assert_string_equal(e.code, "inventory.csv");
    }
    err_clear(&e);
    assert_int_equal(fleet_csv_read(&csv, slice_str("asset;model\nx;y\n"), NULL, &e), 0);
    assert_true(slice_is(csv->rows[0].inventory->nameplate.model, "y"));
    fleet_csv_free(csv);
}

static void memory_runs_out(void **state)
{
    (void)state;
    for (long k = 0;; k++) {
        struct err e = {0};
        struct fleet_inventory *i = NULL, *all = NULL;
        struct fleet_class *c = NULL, *again = NULL;
        struct fleet_csv *csv = NULL;
        mem_fail_after(k);
        int result = fleet_inventory_read(&i, slice_str(plate), NULL, &e);
        if (result == 0 && !(all = fleet_inventory_new()))
            result = err_memory(&e);
        if (result == 0)
            result = fleet_inventory_merge(all, i, &e);
        if (result == 0)
            result = fleet_class_build(&c, all, &e);
        if (result == 0)
            result = fleet_class_parse(&again, c->canonical, &e);
        if (result == 0)
            result = fleet_csv_read(&csv, slice_str("asset,model\n\"a\"\"\",b\n"), NULL, &e);
        bool injected = mem_allocations() > k;
        mem_fail_after(-1);
        fleet_inventory_free(i);
        fleet_inventory_free(all);
        fleet_class_free(c);
        fleet_class_free(again);
        fleet_csv_free(csv);
        if (result != 0)
            assert_int_equal(e.kind, ERR_MEMORY);
        if (!injected) {
            assert_int_equal(result, 0);
            return;
        }
    }
}

struct counts {
    size_t files, components, old;
};

static void read_boms(const char *folder, struct counts *c)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    assert_non_null(dir);
    while ((entry = readdir(dir))) {
        char path[1024];
        size_t len = strlen(entry->d_name);
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_type == DT_DIR) {
            read_boms(path, c);
            continue;
        }
        if (len < 5 || strcmp(entry->d_name + len - 5, ".json") != 0)
            continue;
        struct buf b;
        struct err e = {0};
        struct fleet_inventory *i;
        struct fleet_inventory_limits limits = fleet_inventory_limits_default;
        limits.bytes = 64 << 20;
        buf_init(&b);
        assert_int_equal(file_read(path, 64 << 20, &b, &e), 0);
        if (fleet_inventory_read(&i, buf_slice(&b), &limits, &e) == 0) {
            struct fleet_class *class;
            assert_int_equal(fleet_class_build(&class, i, &e), 0);
            struct fleet_class *again;
            assert_int_equal(fleet_class_parse(&again, class->canonical, &e), 0);
            fleet_class_free(again);
            fleet_class_free(class);
            c->files++;
            c->components += i->count;
            fleet_inventory_free(i);
        } else {
            char line[1024];
            err_line(&e, line, sizeof line);
            bool old = strstr(line, "1.4, 1.5 and 1.6") != NULL;
            if (!old)
                print_message("%s: %s\n", path, line);
            assert_true(old);
            c->old++;
        }
        buf_fini(&b);
    }
    closedir(dir);
}

/* V05, as far as JSON of 1.4 to 1.6 and SPDX 2.3 go */
static void public_boms_are_read(void **state)
{
    (void)state;
    if (file_kind("../shared/data") != 2) {
        print_message("skipped: no ../shared/data\n");
        skip();
    }
    struct counts c = {0};
    read_boms("../shared/data/cyclonedx-bom-examples", &c);
    print_message("measured: CycloneDX: %zu files, %zu components; %zu older than 1.4\n", c.files,
                  c.components, c.old);
    assert_int_equal(c.files, 48);
    assert_int_equal(c.old, 8);
    struct counts spdx = {0};
    read_boms("../shared/data/spdx-examples", &spdx);
    print_message("measured: SPDX: %zu files, %zu components\n", spdx.files, spdx.components);
    assert_int_equal(spdx.files, 1);
    assert_int_equal(spdx.components, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nameplate_is_read),
        cmocka_unit_test(bad_inventories_are_refused),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(same_components_are_limited),
        cmocka_unit_test(class_is_the_set_of_identities),
        cmocka_unit_test(foreign_text_is_no_class),
        cmocka_unit_test(dpkg_status_is_read),
        cmocka_unit_test(merged_inventories_keep_the_first_nameplate),
        cmocka_unit_test(csv_reports_each_bad_row),
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(public_boms_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
