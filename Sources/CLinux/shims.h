// System interfaces that Glibc's Swift overlay lacks, and the processor hints that Swift cannot express.
// Header only, no logic.
#pragma once
#include <elf.h>
#include <linux/futex.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static inline int clinux_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags) {
    return (int)syscall(SYS_accept4, fd, address, length, flags);
}

static inline uintptr_t clinux_auxiliary(unsigned long type) { return getauxval(type); }

static inline void clinux_prefetch_read(const void *address) { __builtin_prefetch(address, 0, 3); }
static inline void clinux_prefetch_write(const void *address) { __builtin_prefetch(address, 1, 3); }

// Relaxed loads and stores for words that one thread may peek at while another, holding the lock, changes them.
static inline uint64_t clinux_load_relaxed(const uint64_t *word) { return __atomic_load_n(word, __ATOMIC_RELAXED); }
static inline void clinux_store_relaxed(uint64_t *word, uint64_t value) {
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static inline void clinux_spin_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

// The processor's constant-rate counter: a few nanoseconds a reading.
static inline uint64_t clinux_cycles(void) {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t value;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(value));
    return value;
#else
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
#endif
}

static inline long clinux_futex_wait(uint32_t *word, uint32_t expected) {
    return syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}
static inline long clinux_futex_wake(uint32_t *word, int count) {
    return syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

// Names the calling thread, as tools show it; at most 15 bytes.
static inline void clinux_set_thread_name(const char *name) { syscall(SYS_prctl, 15, name, 0, 0, 0); }
