/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The jansson library beside ours, for comparison only. Its functions have names that ours have
 * too, so it is loaded at run time and called through pointers, and its header is not included.
 */
#ifndef TESTS_JANSSON_H
#define TESTS_JANSSON_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* As jansson's documentation and public header give them. */
enum jansson_type {
    JANSSON_OBJECT,
    JANSSON_ARRAY,
    JANSSON_STRING,
    JANSSON_INTEGER,
    JANSSON_REAL,
    JANSSON_TRUE,
    JANSSON_FALSE,
    JANSSON_NULL
};

enum { JANSSON_REJECT_DUPLICATES = 1, JANSSON_DECODE_ANY = 4, JANSSON_ALLOW_NUL = 16 };

struct jansson_value {
    int type;
    volatile size_t references;
};

struct jansson_error {
    int line;
    int column;
    int position;
    char source[80];
    char text[160];
};

struct jansson {
    void *library;
    struct jansson_value *(*load)(const char *, size_t, size_t, struct jansson_error *);
    void (*free)(struct jansson_value *); /* when the last reference goes */
    size_t (*array_size)(const struct jansson_value *);
    struct jansson_value *(*array_get)(const struct jansson_value *, size_t);
    size_t (*object_size)(const struct jansson_value *);
    struct jansson_value *(*object_get)(const struct jansson_value *, const char *);
    const char *(*string)(const struct jansson_value *);
    size_t (*string_length)(const struct jansson_value *);
    long long (*integer)(const struct jansson_value *);
    double (*real)(const struct jansson_value *);
};

static inline bool jansson_find(struct jansson *j, const char *name, void *pointer)
{
    void *found = dlsym(j->library, name);

    memcpy(pointer, &found, sizeof(found));
    return found != NULL;
}

static inline bool jansson_open(struct jansson *j)
{
    j->library = dlopen("libjansson.so.4", RTLD_NOW | RTLD_LOCAL);
    return j->library && jansson_find(j, "json_loadb", &j->load) &&
           jansson_find(j, "json_delete", &j->free) &&
           jansson_find(j, "json_array_size", &j->array_size) &&
           jansson_find(j, "json_array_get", &j->array_get) &&
           jansson_find(j, "json_object_size", &j->object_size) &&
           jansson_find(j, "json_object_get", &j->object_get) &&
           jansson_find(j, "json_string_value", &j->string) &&
           jansson_find(j, "json_string_length", &j->string_length) &&
           jansson_find(j, "json_integer_value", &j->integer) &&
           jansson_find(j, "json_real_value", &j->real);
}

/* Frees a document that has no other references (true, false and null are never counted). */
static inline void jansson_release(const struct jansson *j, struct jansson_value *v)
{
    if (v && v->type < JANSSON_TRUE)
        j->free(v);
}

#endif
