/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Under AddressSanitizer, memory that was not handed out may not be touched: what hands out parts
 * of a larger block tells it so. Else nothing happens.
 */
#ifndef BASE_POISON_H
#define BASE_POISON_H

#include <stdbool.h>

#if defined(__SANITIZE_ADDRESS__)
#define WATCHED_BY_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WATCHED_BY_ASAN
#endif
#endif

#ifdef WATCHED_BY_ASAN
#define POISONED true
#include <sanitizer/asan_interface.h>
#else
#define POISONED false
#define ASAN_POISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

#endif
