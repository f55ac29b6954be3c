/* SPDX-License-Identifier: Apache-2.0 */
/* Which addresses are of the Internet: both ends of every special range (IANA registries). */
#include "centre/courier_address.h"
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

static struct sockaddr_storage address_of(const char *text)
{
    struct sockaddr_storage storage = {0};
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
        memcpy(&storage, &in, sizeof(in));
    else if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
        memcpy(&storage, &in6, sizeof(in6));
    else
        fail_msg("%s is no address", text);
    return storage;
}

static void expect_public(const char *const *texts, bool expected)
{
    for (; *texts; texts++) {
        struct sockaddr_storage address = address_of(*texts);
        if (address_is_public((struct sockaddr *)&address) != expected)
            fail_msg("%s is %s", *texts, expected ? "refused" : "accepted");
    }
}

static void test_public(void **state)
{
    static const char *const texts[] = {
        "1.0.0.0",          "9.255.255.255",
        "11.0.0.0",         "100.63.255.255",
        "100.128.0.0",      "126.255.255.255",
        "128.0.0.0",        "169.253.255.255",
        "169.255.0.0",      "172.15.255.255",
        "172.32.0.0",       "192.0.1.0",
        "192.0.3.0",        "192.88.98.255",
        "192.88.100.0",     "192.167.255.255",
        "192.169.0.0",      "198.17.255.255",
        "198.20.0.0",       "198.51.99.255",
        "198.51.101.0",     "203.0.112.255",
        "203.0.114.0",      "223.255.255.255",
        "2001:200::1",      "2001:db7:ffff::",
        "2001:db9::",       "2003::1",
        "2a00:1450::1",     "2606:4700::1111",
        "3ffe::1",          "::ffff:9.9.9.9",
        "64:ff9b::9.9.9.9", NULL,
    };

    (void)state;
    expect_public(texts, true);
}

static void test_not_public(void **state)
{
    static const char *const texts[] = {
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.0",
        "127.255.255.255",
        "169.254.0.0",
        "169.254.169.254",
        "169.254.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.0",
        "192.0.0.255",
        "192.0.2.0",
        "192.0.2.255",
        "192.88.99.1",
        "192.168.0.0",
        "192.168.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.0",
        "203.0.113.255",
        "224.0.0.0",
        "239.255.255.255",
        "240.0.0.0",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "100::1",
        "1fff:ffff::",
        "2001::1",
        "2001:1ff:ffff::",
        "2001:db8::",
        "2001:db8:ffff:ffff::",
        "2002:7f00:1::",
        "3fff::1",
        "3fff:fff::",
        "4000::",
        "fc00::1",
        "fdff::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        NULL,
    };

    (void)state;
    expect_public(texts, false);
}

static void test_other_families(void **state)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/run/x"};
    struct config_networks none = {0};

    (void)state;
    assert_false(address_is_public((struct sockaddr *)&un));
    assert_false(courier_address_is_allowed((struct sockaddr *)&un, &none));
}

static void test_allowed(void **state)
{
    /* 10.20.0.0/16, fd00:1::/64, 127.0.0.1, 192.168.1.128/25 */
    static const struct config_network items[] = {
        {{[10] = 0xff, 0xff, 10, 20}, 112},
        {{0xfd, 0, 0, 1}, 64},
        {{[10] = 0xff, 0xff, 127, 0, 0, 1}, 128},
        {{[10] = 0xff, 0xff, 192, 168, 1, 128}, 121},
    };
    const struct config_networks allowed = {.items = items, .count = 4};
    static const char *const yes[] = {"10.20.0.0",          "10.20.255.255", "fd00:1::1",
                                      "fd00:1::ffff:0:0:1", "127.0.0.1",     "192.168.1.255",
                                      "::ffff:10.20.3.4",   "9.9.9.9"};
    static const char *const no[] = {"10.19.255.255", "10.21.0.0",     "fd00:1:0:1::1",
                                     "127.0.0.2",     "192.168.1.127", "::1"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        struct sockaddr_storage address = address_of(yes[i]);
        if (!courier_address_is_allowed((struct sockaddr *)&address, &allowed))
            fail_msg("%s is refused", yes[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(no); i++) {
        struct sockaddr_storage address = address_of(no[i]);
        if (courier_address_is_allowed((struct sockaddr *)&address, &allowed))
            fail_msg("%s is accepted", no[i]);
    }
}

static void test_text(void **state)
{
    struct sockaddr_storage address = address_of("192.0.2.7");
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    char text[64];

    (void)state;
    address_format((struct sockaddr *)&address, text);
    assert_string_equal(text, "192.0.2.7");
    address = address_of("2001:db8::7");
    address_format((struct sockaddr *)&address, text);
    assert_string_equal(text, "2001:db8::7");
    address_format((struct sockaddr *)&un, text);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_public),  cmocka_unit_test(test_not_public),
        cmocka_unit_test(test_allowed), cmocka_unit_test(test_other_families),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests_name("centre_address", tests, NULL, NULL);
}
