/* SPDX-License-Identifier: Apache-2.0 */
/* The router: text before parameters, with a way back; doors; methods for Allow. */
#include "base/memory.h"
#include "net/router.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void nothing(struct http_exchange *x, void *context)
{
    (void)x;
    (void)context;
}

#define ROUTE(method, pattern, doors)                                                              \
    {                                                                                              \
        method, pattern, doors, 0, 0, nothing, NULL                                                \
    }
#define DEVICE HTTP_AT(HTTP_DOOR_DEVICE)
#define WEB HTTP_AT(HTTP_DOOR_WEB)

static const struct http_route routes[] = {
    ROUTE("GET", "/", HTTP_AT_ALL),
    ROUTE("GET", "/v1/assets", HTTP_AT_ALL),
    ROUTE("POST", "/v1/assets", WEB),
    ROUTE("GET", "/v1/assets/{id}", HTTP_AT_ALL),
    ROUTE("PUT", "/v1/assets/{id}", WEB),
    ROUTE("GET", "/v1/assets/mine", DEVICE),
    ROUTE("GET", "/v1/assets/{id}/{part}", HTTP_AT_ALL),
    ROUTE("GET", "/v1/assets/mine/notices", DEVICE),
    ROUTE("GET", "/v1/me", DEVICE),
    ROUTE("GET", "/v1/me", WEB),
    ROUTE("GET", "/tile/{path*}", HTTP_AT_ALL),
    ROUTE("GET", "/tile/{level}/x", HTTP_AT_ALL),
};

static void finds(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path;
        enum http_door_kind door;
        const char *pattern; /* NULL: none */
        const char *values;  /* of the parameters, with ',' */
        const char *allowed;
    } cases[] = {
        {"GET", "/", HTTP_DOOR_WEB, "/", "", ""},
        {"HEAD", "/", HTTP_DOOR_WEB, "/", "", ""},
        {"GET", "/v1", HTTP_DOOR_WEB, NULL, "", ""},
        {"GET", "/v1/", HTTP_DOOR_WEB, NULL, "", ""},
        {"GET", "/v1/assets", HTTP_DOOR_WEB, "/v1/assets", "", ""},
        {"GET", "/v1/assets/", HTTP_DOOR_WEB, NULL, "", ""},
        {"POST", "/v1/assets", HTTP_DOOR_WEB, "/v1/assets", "", ""},
        {"POST", "/v1/assets", HTTP_DOOR_DEVICE, NULL, "", "GET, HEAD, OPTIONS"},
        {"DELETE", "/v1/assets", HTTP_DOOR_WEB, NULL, "", "GET, HEAD, POST, OPTIONS"},
        {"GET", "/v1/assets/a%20b", HTTP_DOOR_WEB, "/v1/assets/{id}", "a%20b,", ""},
        {"GET", "/v1/assets/mine", HTTP_DOOR_DEVICE, "/v1/assets/mine", "", ""},
        {"GET", "/v1/assets/mine", HTTP_DOOR_WEB, "/v1/assets/{id}", "mine,", ""},
        {"PUT", "/v1/assets/mine", HTTP_DOOR_WEB, "/v1/assets/{id}", "mine,", ""},
        {"GET", "/v1/assets/mine/x", HTTP_DOOR_WEB, "/v1/assets/{id}/{part}", "mine,x,", ""},
        {"GET", "/v1/assets/mine/notices", HTTP_DOOR_DEVICE, "/v1/assets/mine/notices", "", ""},
        {"GET", "/v1/assets/a/b/c", HTTP_DOOR_WEB, NULL, "", ""},
        {"GET", "/v1/me", HTTP_DOOR_WEB, "/v1/me", "", ""},
        {"GET", "/v1/me", HTTP_DOOR_PUBLIC, NULL, "", ""},
        {"GET", "/tile/0/x", HTTP_DOOR_WEB, "/tile/{level}/x", "0,", ""},
        {"GET", "/tile/0/x001/067", HTTP_DOOR_WEB, "/tile/{path*}", "0/x001/067,", ""},
        {"GET", "/tile/0", HTTP_DOOR_WEB, "/tile/{path*}", "0,", ""},
        {"GET", "/tile/", HTTP_DOOR_WEB, NULL, "", ""},
        {"GET", "/tile", HTTP_DOOR_WEB, NULL, "", ""},
        {"get", "/v1/assets", HTTP_DOOR_PUBLIC, NULL, "", "GET, HEAD, OPTIONS"},
    };
    struct router r;
    struct err e = {0};

    assert_int_equal(router_init(&r, &e), 0);
    for (size_t i = 0; i < ARRAY_LEN(routes); i++)
        if (router_add(&r, &routes[i], &e) != 0)
            fail_msg("%s", e.text);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct router_match match;
        char values[200] = "";
        router_find(&r, slice_str(cases[i].method), slice_str(cases[i].path), cases[i].door,
                    &match);
        for (unsigned k = 0; match.route && k < match.param_count; k++) {
            strncat(values, (const char *)match.params[k].value.data, match.params[k].value.len);
            strcat(values, ",");
        }
        if ((match.route == NULL) != (cases[i].pattern == NULL) ||
            (match.route && strcmp(match.route->pattern, cases[i].pattern) != 0) ||
            strcmp(values, cases[i].values) != 0 ||
            (!match.route && strcmp(match.allowed, cases[i].allowed) != 0))
            fail_msg("%s %s: %s, '%s', allowed '%s'", cases[i].method, cases[i].path,
                     match.route ? match.route->pattern : "none", values, match.allowed);
        if (match.route)
            assert_int_equal(match.head, strcmp(cases[i].method, "HEAD") == 0);
    }
    router_fini(&r);
}

static void torture(void **state)
{
    (void)state;
    bool failed = true;
    long runs = 0;

    for (; failed; runs++) {
        struct router r = {0};
        struct err e = {0};
        mem_fail_after(runs);
        int result = router_init(&r, &e);
        for (size_t i = 0; result == 0 && i < ARRAY_LEN(routes); i++)
            result = router_add(&r, &routes[i], &e);
        failed = mem_allocations() > runs;
        mem_fail_after(-1);
        assert_int_equal(result, failed ? -1 : 0);
        router_fini(&r);
    }
    assert_true(runs >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds), cmocka_unit_test(torture)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
