/*
 * Both ends of every call: sends 172-byte RTP packets at 50 a second in each direction and hears what a relay makes of them.
 *
 * First line of output: "ready G S", the ports that stand for all gateways and all SIP peers: on 127.0.0.1, or, with the paths of two
 * network namespaces as arguments, on every address of the one and of the other.
 * Standard input: "run PID WARM MEASURE TICK N ADDRESS1 ADDRESS2 G1 S1 G2 S2 ..." sends to the relay's ports G at the first address on behalf of
 * the gateways and S at the second of the peers: WARM milliseconds unmeasured, MEASURE milliseconds measured, packets due sent every TICK microseconds. Answers
 *   result SENT RECEIVED FOREIGN DISORDER CPU P50 P99 P999 MAX OWN
 * "flood RATE PORT" before it: beside that, RATE packets a second of what no gateway should send go to a relay's port (and the next, RTCP's) from
 * where the gateways are; 0 for none.
 * of what was sent while measured: packets, those that came, those that do not belong here, those behind a later one of their flow, the
 * relay's processor time in ns (pid's clock), the added delay in ns: from just before the send to the kernel's receive stamp; and our own
 * processor time in ns, in which is what the kernel does with a packet on the way that it leaves by itself.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PACKET = 172, BATCH = 16, READS = 64, MAX_FLOWS = 20000, MAX_DELAYS = 8000000, PERIOD_US = 20000 };

struct flow { struct sockaddr_in to; int side; uint16_t sequence, heard; uint32_t timestamp; };
struct stamp { uint64_t sent; uint32_t flow; uint32_t run; } __attribute__((packed));

static struct flow flows[MAX_FLOWS];
static int sides[2], flow_count;
static uint32_t run_number, *delays;
static struct sockaddr_in flooded;
static long flood_rate;
static uint64_t flood_sent;
static uint64_t measured_from, sent, received, foreign, disorder;

static uint64_t now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static int open_side(int *port, const char *space)
{
    struct sockaddr_in local = {.sin_family = AF_INET};
    socklen_t length = sizeof local;
    int fd, one = 1, room = 64 << 20;
    if (space && setns(open(space, O_RDONLY | O_CLOEXEC), CLONE_NEWNET)) {
        perror(space);
        exit(1);
    }
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    local.sin_addr.s_addr = htonl(space ? INADDR_ANY : INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
    if (fd < 0 || bind(fd, (void *)&local, sizeof local) || getsockname(fd, (void *)&local, &length)) {
        perror("ends");
        exit(1);
    }
    *port = ntohs(local.sin_port);
    return fd;
}

static void take(const unsigned char *packet, unsigned length, struct msghdr *header, int side)
{
    struct stamp stamp;
    struct cmsghdr *control;
    uint64_t arrived = 0;
    struct flow *flow;
    uint16_t sequence = packet[2] << 8 | packet[3];
    memcpy(&stamp, packet + 12, sizeof stamp);
    if (length != PACKET || stamp.flow >= (uint32_t)flow_count || flows[stamp.flow].side == side) {
        foreign++;
        return;
    }
    if (stamp.run != run_number || stamp.sent < measured_from) return;
    for (control = CMSG_FIRSTHDR(header); control; control = CMSG_NXTHDR(header, control)) {
        if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec t;
            memcpy(&t, CMSG_DATA(control), sizeof t);
            arrived = t.tv_sec * 1000000000ull + t.tv_nsec;
        }
    }
    flow = &flows[stamp.flow];
    if ((int16_t)(sequence - flow->heard) <= 0) disorder++;
    flow->heard = sequence;
    if (received < MAX_DELAYS) delays[received] = arrived > stamp.sent ? arrived - stamp.sent : 0;
    received++;
}

static void hear(void)
{
    static unsigned char buffers[READS][256], controls[READS][128];
    static struct iovec parts[READS];
    static struct mmsghdr messages[READS];
    for (int side = 0; side < 2; side++) {
        int count;
        do {
            for (int i = 0; i < READS; i++) {
                parts[i] = (struct iovec){buffers[i], sizeof buffers[i]};
                messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1, .msg_control = controls[i], .msg_controllen = sizeof controls[i]};
            }
            count = recvmmsg(sides[side], messages, READS, MSG_DONTWAIT, NULL);
            for (int i = 0; i < count; i++) take(buffers[i], messages[i].msg_len, &messages[i].msg_hdr, side);
        } while (count == READS);
    }
}

static void send_flows(int from, int to)
{
    static unsigned char buffers[BATCH][PACKET];
    static struct iovec parts[BATCH];
    static struct mmsghdr messages[BATCH];
    /* One side at a time: a batch leaves from one socket. Even flows are the gateways'. */
    for (int side = 0; side < 2; side++) {
        int count = 0;
        for (int i = from; i < to; i++) {
            struct flow *flow = &flows[i];
            unsigned char *packet;
            uint32_t timestamp, source;
            struct stamp stamp;
            if (flow->side != side) continue;
            packet = buffers[count];
            flow->sequence++;
            flow->timestamp += 160;
            timestamp = htonl(flow->timestamp);
            source = htonl(0x10000 + i);
            packet[0] = 0x80;
            packet[1] = 0;
            packet[2] = flow->sequence >> 8;
            packet[3] = flow->sequence & 255;
            memcpy(packet + 4, &timestamp, 4);
            memcpy(packet + 8, &source, 4);
            stamp = (struct stamp){now(CLOCK_REALTIME), i, run_number};
            memcpy(packet + 12, &stamp, sizeof stamp);
            if (measured_from && stamp.sent >= measured_from) sent++;
            parts[count] = (struct iovec){packet, PACKET};
            messages[count].msg_hdr = (struct msghdr){.msg_name = &flow->to, .msg_namelen = sizeof flow->to, .msg_iov = &parts[count], .msg_iovlen = 1};
            if (++count == BATCH) {
                sendmmsg(sides[side], messages, count, 0);
                count = 0;
            }
        }
        if (count) sendmmsg(sides[side], messages, count, 0);
    }
}

/* Noise, a piece of a header, too much, another version, and reports, which go to the next port; from a source that is known. */
static void flood(long count)
{
    static unsigned char noise[1400], piece[7] = {0x80}, version[PACKET] = {0x40}, report[28] = {0x80, 200, 0, 6};
    static struct sockaddr_in next;
    static struct iovec parts[READS];
    static struct mmsghdr messages[READS];
    struct iovec kinds[] = {{noise, PACKET}, {report, sizeof report}, {piece, sizeof piece}, {report, sizeof report}, {noise, sizeof noise}, {report, sizeof report}, {version, PACKET}, {report, sizeof report}};
    next = flooded;
    next.sin_port = htons(ntohs(flooded.sin_port) + 1);
    while (count > 0) {
        int batch = count < READS ? (int)count : READS;
        for (unsigned i = 0; i < sizeof noise; i += 1 + (i & 7)) noise[i] = (unsigned char)rand();
        for (int i = 0; i < batch; i++) {
            int kind = (int)(flood_sent++ & 7);
            parts[i] = kinds[kind];
            messages[i].msg_hdr = (struct msghdr){.msg_name = kind & 1 ? &next : &flooded, .msg_namelen = sizeof flooded, .msg_iov = &parts[i], .msg_iovlen = 1};
        }
        sendmmsg(sides[0], messages, batch, 0);
        count -= batch;
    }
}

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void run(int pid, int warm_ms, int measure_ms, int tick_us)
{
    int ticks_per_period = PERIOD_US / tick_us, ticks = (int)((warm_ms + measure_ms) * 1000ll / tick_us), warm_ticks = (int)(warm_ms * 1000ll / tick_us);
    uint64_t cpu = 0, own = 0, start = now(CLOCK_MONOTONIC) + 1000000;
    clockid_t clock;
    size_t kept;
    if (clock_getcpuclockid(pid, &clock)) clock = CLOCK_MONOTONIC;
    measured_from = ~0ull;
    sent = received = foreign = disorder = 0;
    run_number++;
    for (int tick = 0; tick < ticks; tick++) {
        uint64_t due = start + (uint64_t)tick * tick_us * 1000;
        struct timespec t = {due / 1000000000ull, due % 1000000000ull};
        int phase = tick % ticks_per_period;
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL)) { }
        if (tick == warm_ticks) {
            for (int i = 0; i < flow_count; i++) flows[i].heard = flows[i].sequence;
            cpu = now(clock);
            own = now(CLOCK_PROCESS_CPUTIME_ID);
            measured_from = now(CLOCK_REALTIME);
        }
        send_flows((int)((int64_t)flow_count * phase / ticks_per_period), (int)((int64_t)flow_count * (phase + 1) / ticks_per_period));
        if (flood_rate) flood(flood_rate * tick_us / 1000000);
        hear();
    }
    for (int i = 0; i < 30; i++) {
        usleep(10000);
        hear();
    }
    cpu = now(clock) - cpu;
    own = now(CLOCK_PROCESS_CPUTIME_ID) - own;
    kept = received < MAX_DELAYS ? received : MAX_DELAYS;
    qsort(delays, kept, sizeof *delays, ascending);
#define AT(f) (kept ? delays[(size_t)((kept - 1) * (f))] : 0)
    printf("result %llu %llu %llu %llu %llu %u %u %u %u %llu\n", (unsigned long long)sent, (unsigned long long)received, (unsigned long long)foreign,
           (unsigned long long)disorder, (unsigned long long)cpu, AT(0.5), AT(0.99), AT(0.999), AT(1.0), (unsigned long long)own);
    fflush(stdout);
}

int main(int count, char **arguments)
{
    static char line[1 << 20], addresses[2][64];
    int gateway_port, sip_port;
    delays = malloc(MAX_DELAYS * sizeof *delays);
    sides[0] = open_side(&gateway_port, count == 3 ? arguments[1] : NULL);
    sides[1] = open_side(&sip_port, count == 3 ? arguments[2] : NULL);
    printf("ready %d %d\n", gateway_port, sip_port);
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        int pid, warm, measure, tick, calls, at = 0;
        struct in_addr hosts[2];
        char *rest = line;
        if (sscanf(line, "flood %ld %d", &flood_rate, &at) == 2) {
            flooded.sin_family = AF_INET;
            flooded.sin_port = htons(at);
            continue;
        }
        if (sscanf(line, "run %d %d %d %d %d %63s %63s%n", &pid, &warm, &measure, &tick, &calls, addresses[0], addresses[1], &at) != 7) continue;
        if (!inet_aton(addresses[0], &hosts[0]) || !inet_aton(addresses[1], &hosts[1])) continue;
        if (calls < 1 || calls > MAX_FLOWS / 2 || tick < 50 || PERIOD_US % tick) continue;
        flooded.sin_addr = hosts[0];
        rest += at;
        flow_count = 2 * calls;
        for (int i = 0; i < flow_count; i++) {
            flows[i] = (struct flow){.side = i & 1};
            flows[i].to.sin_family = AF_INET;
            flows[i].to.sin_addr = hosts[i & 1];
            flows[i].to.sin_port = htons(strtol(rest, &rest, 10));
        }
        run(pid, warm, measure, tick);
    }
    return 0;
}
