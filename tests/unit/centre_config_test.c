/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration: strict, complete, and every fault with its place. */
#include "base/file.h"
#include "base/memory.h"
#include "centre/config.h"
#include "centre/config_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define VKEY "north+10ea9011+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"

static char home[64];
static char path[96];

static int make_home(void **state)
{
    (void)state;
    snprintf(home, sizeof(home), "/tmp/tocsin-config.XXXXXX");
    if (!mkdtemp(home))
        return -1;
    snprintf(path, sizeof(path), "%s/tocsin.conf", home);
    return 0;
}

static int remove_home(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(home);
}

static void write_config(const char *text)
{
    struct err e = {0};

    assert_int_equal(file_write(path, slice_str(text), 0600, &e), 0);
}

static struct config *load(const char *text)
{
    struct config *config = NULL;
    struct err e = {0};

    write_config(text);
    if (config_load(&config, path, &e) != 0)
        fail_msg("%s (%s)", e.text, e.where);
    return config;
}

/* The first fault: its code, place and hint. */
static void refused(const char *text, const char *code, unsigned line, unsigned column,
                    const char *hint)
{
    struct config *config = NULL;
    struct err e = {0};
    char where[64];

    write_config(text);
    if (config_load(&config, path, &e) == 0)
        fail_msg("accepted: %s", text);
    assert_null(config);
    assert_string_equal(e.code, code);
    if (line) {
        snprintf(where, sizeof(where), "line %u column %u", line, column);
        if (!strstr(e.where, where) || !strstr(e.where, path))
            fail_msg("%s: at %s, expected %s", text, e.where, where);
    }
    if (hint && !strstr(e.hint, hint))
        fail_msg("%s: hint \"%s\" does not hold \"%s\"", text, e.hint, hint);
}

static void test_defaults(void **state)
{
    struct config *config = NULL;
    struct err e = {0};
    char expected[128];

    (void)state;
    assert_int_equal(config_defaults(&config, "/var/lib/tocsin", &e), 0);
    assert_string_equal(config->database_url, "sqlite:/var/lib/tocsin/data/tocsin.db");
    assert_string_equal(config->tls_key, "/var/lib/tocsin/tls/server.key");
    assert_int_equal(config->tls_minimum, CONFIG_TLS_1_3);
    assert_int_equal(config->mail_tls, CONFIG_MAIL_STARTTLS);
    assert_int_equal(config->mail_timeout, 60 * 1000000);
    assert_int_equal(config->limits_device_body, 4 << 20);
    assert_int_equal(config->door_device_listen.count, 1);
    assert_string_equal(config->door_device_listen.items[0], "127.0.0.1:8442");
    assert_int_equal(config->door_public_listen_tls.count, 0);
    assert_int_equal(config->courier_allow_private_addresses.count, 0);
    assert_false(config->webhook_plain_http);
    config_free(config);

    config = load("");
    snprintf(expected, sizeof(expected), "sqlite:%s/data/tocsin.db", home);
    assert_string_equal(config->database_url, expected);
    config_free(config);
}

static void test_values(void **state)
{
    (void)state;
    struct config *c = load(
        "# a comment\n"
        "centre { name = \"Zentrum \\\"Süd\\\"\"; threads = 4 }\n"
        "door device {\n"
        "  listen = [ \"0.0.0.0:8442\",  # all\n"
        "             \"[::]:8442\", ]\n"
        "  url = https://devices.example.org/\n"
        "}\n"
        "door enrol { listen = [] }\n"
        "door public { listen = \"\" }\n"
        "mail\n{\n host = mail.example.org\n from = \"a@example.org\"\n"
        " tls = tls\n timeout = 1500ms\n ca-file = /etc/ca.pem\n}\n"
        "courier { allow-private-addresses = [\"10.20.0.0/16\", \"fd00:1::/64\", "
        "127.0.0.1] }\n"
        "limits { bodies = 1GiB\n advisory = 1048576 }\n"
        "journal { witnesses-required = 1 }\n"
        "webhook { plain-http = yes }\n"
        "log { level = warning }\n"
        "witness north { vkey = \"north+10ea9011+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\"\n "
        "url = https://w.example/ }");
    assert_string_equal(c->centre_name, "Zentrum \"Süd\"");
    assert_int_equal(c->centre_threads, 4);
    assert_int_equal(c->door_device_listen.count, 2);
    assert_string_equal(c->door_device_listen.items[1], "[::]:8442");
    assert_string_equal(c->door_device_url, "https://devices.example.org");
    assert_int_equal(c->door_enrol_listen.count, 0);
    assert_int_equal(c->door_public_listen.count, 0);
    assert_int_equal(c->mail_timeout, 1500000);
    assert_int_equal(c->mail_tls, CONFIG_MAIL_TLS);
    assert_string_equal(c->mail_ca_file, "/etc/ca.pem");
    assert_int_equal(c->courier_allow_private_addresses.count, 3);
    assert_int_equal(c->courier_allow_private_addresses.items[0].bits, 96 + 16);
    assert_int_equal(c->courier_allow_private_addresses.items[1].bits, 64);
    assert_int_equal(c->courier_allow_private_addresses.items[2].bits, 128);
    assert_int_equal(c->limits_bodies, 1 << 30);
    assert_int_equal(c->limits_advisory, 1 << 20);
    assert_true(c->webhook_plain_http);
    assert_int_equal(c->log_level, 2);
    assert_int_equal(c->witness_count, 1);
    assert_string_equal(c->witnesses[0].name, "north");
    assert_string_equal(c->witnesses[0].url, "https://w.example");
    config_free(c);
}

static void test_syntax_faults(void **state)
{
    (void)state;
    refused("mail {\n  host = \"x\n}\n", "config.syntax", 2, 10, NULL);
    refused("mail {\n  host = x y\n}\n", "config.syntax", 2, 12, NULL);
    refused("mail {\n  host = x\n", "config.syntax", 1, 6, NULL);
    refused("mail { host = x }\n}\n", "config.syntax", 2, 1, NULL);
    refused("mail { inner { } }", "config.syntax", 1, 8, NULL);
    refused("mail { Host = x }", "config.syntax", 1, 8, NULL);
    refused("mail { host }", "config.syntax", 1, 13, NULL);
    refused("mail { = x }", "config.syntax", 1, 8, NULL);
    refused("mail { host = }", "config.syntax", 1, 15, NULL);
    refused("mail { host = \"\\q\" }", "config.syntax", 1, 17, NULL);
    refused("mail { host = \"\x01\" }", "config.syntax", 1, 16, NULL);
    refused("mail { host = \"\xff\" }", "config.syntax", 1, 15, NULL);
    refused("door enrol {\n listen = [ \"a:1\" \"b:1\" ] }", "config.syntax", 2, 19, NULL);
    refused("door enrol {\n listen = [ \"a:1\", }", "config.syntax", 2, 20, NULL);
    refused("door enrol {\n listen = [ \"a:1\",", "config.syntax", 2, 11, NULL);
    refused("'", "config.syntax", 1, 1, NULL);
}

static void test_unknown_names(void **state)
{
    (void)state;
    refused("mail {\n  hsot = x\n}\n", "config.unknown", 2, 3, "did you mean \"host\"?");
    refused("mail {\n  witnesses-required = 1\n}\n", "config.unknown", 2, 3,
            "in the section \"journal\"");
    refused("mail {\n  entirely-else = 1\n}\n", "config.unknown", 2, 3, "show --default");
    refused("\n  mial { }\n", "config.unknown", 2, 3, "did you mean \"mail\"?");
    refused("door devise { }\n", "config.unknown", 1, 1, "did you mean \"door device\"?");
    refused("host = x\n", "config.unknown", 1, 1, "section {");
    refused("witness { }\n", "config.unknown", 1, 1, NULL);
    refused("witness a { vkay = x\n url = http://a }", "config.unknown", 1, 13, "\"vkey\"");
}

static void test_types_and_ranges(void **state)
{
    (void)state;
    refused("mail { port = smtp }", "config.type", 1, 15, NULL);
    refused("mail { port = 0 }", "config.range", 1, 15, NULL);
    refused("mail { port = 65536 }", "config.range", 1, 15, NULL);
    refused("mail { port = 99999999999999999999 }", "config.type", 1, 15, NULL);
    refused("mail { port = [25, 26] }", "config.type", 1, 16, NULL);
    refused("mail { timeout = 30 }", "config.type", 1, 18, NULL);
    refused("mail { timeout = 30 }", "config.type", 1, 18, NULL);
    refused("mail { timeout = 11m }", "config.range", 1, 18, NULL);
    refused("mail { tls = maybe }", "config.type", 1, 14, NULL);
    refused("webhook { plain-http = true }", "config.type", 1, 24, NULL);
    refused("limits { bodies = 1MB }", "config.type", 1, 19, NULL);
    refused("limits { bodies = 9223372036854775807GiB }", "config.type", 1, 19, NULL);
    refused("centre { name = \"\" }", "config.range", 1, 17, NULL);
    refused("door web { url = ftp://x }", "config.type", 1, 18, NULL);
    refused("door web { url = https:// }", "config.type", 1, 18, NULL);
    refused("door web { listen = [\"127.0.0.1\"] }", "config.type", 1, 22, NULL);
    refused("door web { listen = [\"a:1\", \"a:65536\"] }", "config.type", 1, 29, NULL);
    refused("door web { listen = \"::1:80\" }", "config.type", 1, 21, NULL);
    refused("courier { allow-private-addresses = [10.0.0.0/33] }", "config.type", 1, 38, NULL);
    refused("courier { allow-private-addresses = [10.1.0.0/8] }", "config.type", 1, 38, NULL);
    refused("courier { allow-private-addresses = [example.org] }", "config.type", 1, 38, NULL);
    refused("mail { from = nobody }", "config.type", 1, 15, NULL);
    refused("mail { from = \"A <a@b\" }", "config.type", 1, 15, NULL);
    refused("witness a { vkey = \"north+00+AA==\" }", "config.type", 1, 20, NULL);
    refused("witness a { vkey = \"\" }", "config.range", 1, 20, NULL);
    refused("mail { port = 25\n port = 26 }", "config.double", 2, 2, NULL);
    refused("mail { port = 25 }\nmail { port = 26 }", "config.double", 2, 8, NULL);
    refused("witness a { vkey=" VKEY "; url=http://a }\nwitness a { vkey=" VKEY "; url=http://a }",
            "config.double", 2, 1, NULL);
    refused("witness a { vkey = " VKEY " }", "config.needs", 1, 1, NULL);
}

static void test_what_keys_need(void **state)
{
    (void)state;
    refused("mail { host = x }", "config.needs", 0, 0, NULL);
    refused("mail { host = x\n from = a@b.org\n user = u }", "config.needs", 0, 0, NULL);
    refused("mail { host = x\n from = a@b.org\n user = u\n password-file = p\n tls = off }",
            "config.needs", 0, 0, NULL);
    refused("journal { witnesses-required = 1 }", "config.needs", 0, 0, NULL);
    refused("database { url = mysql:x }", "config.needs", 0, 0, NULL);
    config_free(load("mail { host = 127.0.0.1\n from = a@b.org\n user = u\n password-file = p\n "
                     "tls = off }"));
}

/* One run names all faults, in the order of the file, and stops at the limit. */
static void test_all_faults_at_once(void **state)
{
    struct err faults[CONFIG_FAULTS_MAX];
    struct config *config;
    struct err e = {0};
    struct buf many;
    size_t count;

    (void)state;
    write_config("mail { prot = 1\n port = x }\nnothing { }\n");
    assert_int_equal(config_read(&config, path, faults, &count), -1);
    assert_int_equal(count, 3);
    assert_non_null(strstr(faults[0].where, "line 1 column 8"));
    assert_non_null(strstr(faults[1].where, "line 2 column 9"));
    assert_non_null(strstr(faults[2].where, "line 3 column 1"));
    assert_int_equal(config_load(&config, path, &e), -1);

    buf_init(&many);
    for (unsigned i = 0; i < 100; i++)
        buf_printf(&many, "nothing-%u { }\n", i);
    write_config(buf_text(&many));
    buf_fini(&many);
    assert_int_equal(config_read(&config, path, faults, &count), -1);
    assert_int_equal(count, CONFIG_FAULTS_MAX - 1);
    assert_null(config);
}

/* What is printed, with comments or without, reads back as the same. */
static void test_printed_reads_back(void **state)
{
    struct config *config = NULL, *again;
    struct buf first, second;
    struct err e = {0};

    (void)state;
    buf_init(&first);
    buf_init(&second);
    config_put(&first, NULL, true);
    config = load(buf_text(&first));
    buf_reset(&first);
    config_put(&first, config, false);
    config_free(config);
    assert_int_equal(config_defaults(&config, home, &e), 0);
    config_put(&second, config, false);
    config_free(config);
    assert_string_equal(buf_text(&first), buf_text(&second));

    config = load(
        "centre { name = \"two\\nlines # \\\\ \\\"q\\\" é\" }\n"
        "mail { timeout = 90s\n ca-file = sub/ca.pem }\n"
        "courier { allow-private-addresses = [0.0.0.0/0, \"::/0\", \"fe80::/10\"] }\n"
        "limits { bodies = 5242881 }\n"
        "witness \"the north\" { vkey = "
        "\"north+10ea9011+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\"\n url = https://w }\n");
    buf_reset(&first);
    config_put(&first, config, true);
    again = load(buf_text(&first));
    buf_reset(&first);
    buf_reset(&second);
    config_put(&first, config, false);
    config_put(&second, again, false);
    assert_string_equal(buf_text(&first), buf_text(&second));
    assert_string_equal(again->centre_name, "two\nlines # \\ \"q\" é");
    assert_int_equal(again->limits_bodies, 5242881);
    assert_non_null(strstr(buf_text(&second), "ca-file = sub/ca.pem"));
    assert_non_null(strstr(buf_text(&second), "timeout = 90s"));
    assert_non_null(strstr(buf_text(&second), "0.0.0.0/0, ::/0, fe80::/10"));
    config_free(config);
    config_free(again);
    buf_fini(&first);
    buf_fini(&second);
}

static void test_limits(void **state)
{
    struct buf text;

    (void)state;
    buf_init(&text);
    buf_puts(&text, "centre { name = ");
    for (unsigned i = 0; i < CONFIG_VALUE_MAX; i++)
        buf_putc(&text, 'x');
    buf_puts(&text, " }");
    config_free(load(buf_text(&text)));
    text.len -= 2;
    buf_puts(&text, "x }");
    refused(buf_text(&text), "config.limit", 1, 17 + CONFIG_VALUE_MAX, NULL);

    buf_reset(&text);
    buf_puts(&text, "door web { listen = [");
    for (unsigned i = 0; i <= CONFIG_LIST_MAX; i++)
        buf_puts(&text, "a:1,");
    buf_puts(&text, "]\n}");
    refused(buf_text(&text), "config.limit", 1, 21, NULL);

    buf_reset(&text);
    for (unsigned i = 0; i < CONFIG_BYTES_MAX; i++)
        buf_putc(&text, ' ');
    config_free(load(buf_text(&text)));
    buf_putc(&text, ' ');
    refused(buf_text(&text), "base.file-limit", 0, 0, NULL);
    buf_fini(&text);
}

static void test_no_file(void **state)
{
    struct config *config;
    struct err e = {0};

    (void)state;
    assert_int_equal(config_load(&config, "/nonexistent/tocsin.conf", &e), -1);
    assert_null(config);
    assert_int_equal(e.kind, ERR_SYSTEM);
}

/* Torture: each allocation fails once; every time an error, never a crash or a leak. */
static void test_without_memory(void **state)
{
    struct config *config = NULL;
    long k = 0;

    (void)state;
    write_config("mail { host = x\n from = a@b.org }\ndoor web { listen = [\"a:1\", \"b:1\"] }\n"
                 "witness a { vkey = " VKEY "\n url = https://w }\n"
                 "courier { allow-private-addresses = [10.0.0.0/8] }\n");
    for (;; k++) {
        struct err e = {0};
        mem_fail_after(k);
        int result = config_load(&config, path, &e);
        bool reached = mem_allocations() > k;
        mem_fail_after(-1);
        if (!reached) {
            assert_int_equal(result, 0);
            break;
        }
        assert_int_equal(result, -1);
        assert_null(config);
        assert_true(err_is_set(&e));
    }
    assert_true(k > 3);
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_syntax_faults),
        cmocka_unit_test(test_unknown_names),
        cmocka_unit_test(test_types_and_ranges),
        cmocka_unit_test(test_what_keys_need),
        cmocka_unit_test(test_all_faults_at_once),
        cmocka_unit_test(test_printed_reads_back),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_no_file),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests_name("centre_config", tests, make_home, remove_home);
}
