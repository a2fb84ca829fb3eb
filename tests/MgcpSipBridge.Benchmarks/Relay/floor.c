/*
 * The floor: what forwarding RTP costs when nothing else is done. One thread, epoll, a connected socket for every end, recv and send;
 * no header is read, nothing is counted, nobody is refused.
 *
 * Standard input: "open N ADDRESS GATEWAYPORT SIPPORT" binds two ports per call on ADDRESS, connected to the two ports on 127.0.0.1, and
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

static int open_socket(struct in_addr host, int remote_port, int *port)
{
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr = host}, remote = {.sin_family = AF_INET, .sin_port = htons(remote_port)};
    socklen_t length = sizeof local;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), traffic_class = 0xB8;
    remote.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, IPPROTO_IP, IP_TOS, &traffic_class, sizeof traffic_class);
    if (fd < 0 || bind(fd, (void *)&local, sizeof local) || connect(fd, (void *)&remote, sizeof remote) || getsockname(fd, (void *)&local, &length)) {
        perror("floor");
        exit(1);
    }
    *port = ntohs(local.sin_port);
    return fd;
}

static void open_calls(int calls, struct in_addr host, int gateway_port, int sip_port)
{
    printf("ports");
    for (int i = 0; i < calls; i++) {
        int gateway, sip;
        int a = open_socket(host, gateway_port, &gateway), b = open_socket(host, sip_port, &sip);
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
    char line[256], address[64];
    int calls, gateway_port, sip_port;
    struct in_addr host;
    ssize_t length = read(0, line, sizeof line - 1);
    if (length <= 0) return 0;
    line[length] = 0;
    if (sscanf(line, "open %d %63s %d %d", &calls, address, &gateway_port, &sip_port) == 4 && calls <= 10000 && inet_aton(address, &host)) {
        open_calls(calls, host, gateway_port, sip_port);
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
