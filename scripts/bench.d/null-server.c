// The floor of a benchmark: what a server costs that knows nothing.
//
// One epoll loop which counts the '*' that start commands and answers each with a fixed reply: a three-byte value for
// an array of two (GET key), OK for anything longer (SET key value). It neither parses nor stores. What it spends is
// the kernel's share of every server that reads and writes sockets this way, so "beyond the floor" is what a server
// spends itself. Keys and values sent to it must contain no '*'.
//
// usage: null-server PORT        (listens on 127.0.0.1)

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { read_size = 64 * 1024, most_descriptors = 4096 };

static const char value_reply[] = "$3\r\nxxx\r\n";
static const char ok_reply[] = "+OK\r\n";

// A read may end between '*' and the digit that tells the reply.
static char star_pending[most_descriptors];

static int listen_on(int port) {
    int descriptor = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0 || listen(descriptor, 511) != 0) {
        perror("null-server");
        exit(1);
    }
    return descriptor;
}

static char *reply(char *out, char count) {
    if (count == '2') return mempcpy(out, value_reply, sizeof value_reply - 1);
    return mempcpy(out, ok_reply, sizeof ok_reply - 1);
}

// Answers everything that one read returned with one write. False: the peer is gone.
static int serve(int descriptor) {
    static char in[read_size];
    static char out[read_size * sizeof value_reply];
    ssize_t length = read(descriptor, in, sizeof in);
    if (length <= 0) return 0;
    char *end = in + length, *cursor = in, *written = out;
    if (star_pending[descriptor]) written = reply(written, *cursor++);
    star_pending[descriptor] = 0;
    while ((cursor = memchr(cursor, '*', end - cursor)) != NULL) {
        if (++cursor == end) {
            star_pending[descriptor] = 1;
            break;
        }
        written = reply(written, *cursor);
    }
    ssize_t size = written - out;
    return size == 0 || write(descriptor, out, size) == size;
}

int main(int count, char **arguments) {
    if (count != 2) {
        fprintf(stderr, "usage: null-server PORT\n");
        return 2;
    }
    int listener = listen_on(atoi(arguments[1])), poll = epoll_create1(0), on = 1;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int ready = epoll_wait(poll, events, 256, -1);
        for (int index = 0; index < ready; index++) {
            int descriptor = events[index].data.fd;
            if (descriptor != listener) {
                if (!serve(descriptor)) close(descriptor);
                continue;
            }
            int accepted = accept4(listener, NULL, NULL, 0);
            if (accepted < 0) continue;
            if (accepted >= most_descriptors) {
                close(accepted);
                continue;
            }
            star_pending[accepted] = 0;
            setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            event = (struct epoll_event){.events = EPOLLIN, .data.fd = accepted};
            epoll_ctl(poll, EPOLL_CTL_ADD, accepted, &event);
        }
    }
}
