/*
 * The floor: what forwarding RTP costs when nothing else is done. One thread, epoll, a connected socket for every end, recv and send;
 * no header is read, nothing is counted, nobody is refused.
 *
 * Standard input: "open N ADDRESS1 ADDRESS2 GATEWAY PORT PEER PORT" binds a port per call on each address, connected to the gateway's and the peer's, and
 * answers "ports G1 S1 G2 S2 ..."; "close" closes them and answers "closed". Ends with its input.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static int epoll, sockets[20000], used;

static int open_socket(struct in_addr host, struct sockaddr_in remote, int *port)
{
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr = host};
    socklen_t length = sizeof local;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), traffic_class = 0xB8;
    setsockopt(fd, IPPROTO_IP, IP_TOS, &traffic_class, sizeof traffic_class);
    if (fd < 0 || bind(fd, (void *)&local, sizeof local) || connect(fd, (void *)&remote, sizeof remote) || getsockname(fd, (void *)&local, &length)) {
        perror("floor");
        exit(1);
    }
    *port = ntohs(local.sin_port);
    return fd;
}

static void open_calls(int calls, const struct in_addr *hosts, const struct sockaddr_in *ends)
{
    printf("ports");
    for (int i = 0; i < calls; i++) {
        int gateway, sip;
        int a = open_socket(hosts[0], ends[0], &gateway), b = open_socket(hosts[1], ends[1], &sip);
        struct epoll_event event = {.events = EPOLLIN};
        sockets[used++] = a;
        sockets[used++] = b;
        event.data.u64 = (uint64_t)a << 32 | (uint32_t)b; /* where from, where to */
        epoll_ctl(epoll, EPOLL_CTL_ADD, a, &event);
        event.data.u64 = (uint64_t)b << 32 | (uint32_t)a;
        epoll_ctl(epoll, EPOLL_CTL_ADD, b, &event);
        printf(" %d %d", gateway, sip);
    }
    printf("\n");
    fflush(stdout);
}

static int obey(void)
{
    char line[512], host[2][64], end[2][64];
    int calls, port[2];
    struct in_addr hosts[2];
    struct sockaddr_in ends[2] = {{.sin_family = AF_INET}, {.sin_family = AF_INET}};
    ssize_t length = read(0, line, sizeof line - 1);
    if (length <= 0) return 0;
    line[length] = 0;
    if (sscanf(line, "open %d %63s %63s %63s %d %63s %d", &calls, host[0], host[1], end[0], &port[0], end[1], &port[1]) == 7 && calls <= 10000) {
        for (int i = 0; i < 2; i++) {
            inet_aton(host[i], &hosts[i]);
            inet_aton(end[i], &ends[i].sin_addr);
            ends[i].sin_port = htons(port[i]);
        }
        open_calls(calls, hosts, ends);
    } else if (!strncmp(line, "close", 5)) {
        while (used > 0) close(sockets[--used]);
        printf("closed\n");
        fflush(stdout);
    }
    return 1;
}

int main(void)
{
    static char buffer[2048];
    struct epoll_event events[256], input = {.events = EPOLLIN, .data.u64 = 0};
    epoll = epoll_create1(0);
    epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &input);
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        int ready = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            ssize_t length;
            if (events[i].data.u64 == 0) {
                if (!obey()) return 0;
                break;
            }
            length = recv(events[i].data.u64 >> 32, buffer, sizeof buffer, 0);
            if (length > 0) send((uint32_t)events[i].data.u64, buffer, length, 0);
        }
    }
}
