/* SPDX-License-Identifier: Apache-2.0 */
/* The few compiler attributes that the house style asks for. */
#ifndef BASE_COMPILER_H
#define BASE_COMPILER_H

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))
#define CLEANUP(function) __attribute__((cleanup(function)))
#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* Built with a sanitizer, which reserves more address space than there is memory and makes system
 * calls of its own: limits and filters that do not allow for that are left out then. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

#endif
