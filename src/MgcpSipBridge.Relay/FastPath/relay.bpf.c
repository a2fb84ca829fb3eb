// The fast path: forwards the packets of settled speech flows between network interfaces inside the kernel, at the ingress hook of traffic
// control (tcx, Linux 6.6). It knows exact flows only and changes nothing but addresses, ports, TTL and traffic class; whatever it does not
// know or doubts goes on to the relay's sockets as if it were not there.
//
// Built by build.sh into relay.bpf, the bare instructions, which is what the bridge carries. The maps are named by magic numbers that the
// loader replaces by file descriptors, so that it needs to understand no object file.

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;

#define FLOWS ((void *)0x4D47435031ULL) /* hash: struct ends -> struct flow */
#define COUNTS ((void *)0x4D47435032ULL) /* array of struct counts, mapped into the relay */
#define FLOWS6 ((void *)0x4D47435033ULL) /* hash: struct ends6 -> struct flow6 */

// linux/bpf.h: the beginning of struct __sk_buff, as far as it is used.
struct sk_buff {
  u32 len, pkt_type, mark, queue_mapping, protocol, vlan_present, vlan_tci, vlan_proto, priority, ingress_ifindex, ifindex, tc_index;
  u32 cb[5];
  u32 hash, tc_classid, data, data_end;
};

enum { NEXT = -1 /* TCX_NEXT */, DROP = 2 /* TCX_DROP */, REDIRECT = 7 /* TCX_REDIRECT */ };
enum { TO_US = 0 /* PACKET_HOST */ };
enum { PSEUDO_HEADER = 1 << 4, ZERO_IS_NONE = 1 << 5 }; /* BPF_F_PSEUDO_HDR, BPF_F_MARK_MANGLED_0 */
enum { RECOMPUTE = 1 }; /* BPF_F_RECOMPUTE_CSUM */

static void *(*const map_lookup)(void *map, const void *key) = (void *)1;
static u64 (*const now_ns)(void) = (void *)5;
static long (*const store)(struct sk_buff *skb, u32 offset, const void *from, u32 length, u64 flags) = (void *)9;
static long (*const l3_csum)(struct sk_buff *skb, u32 offset, u64 from, u64 to, u64 flags) = (void *)10;
static long (*const l4_csum)(struct sk_buff *skb, u32 offset, u64 from, u64 to, u64 flags) = (void *)11;
static long (*const redirect)(u32 ifindex, u64 flags) = (void *)23;
static s64 (*const csum_diff)(const void *from, u32 from_size, const void *to, u32 to_size, u32 seed) = (void *)28;
static long (*const pull)(struct sk_buff *skb, u32 length) = (void *)39;
static s64 (*const csum_update)(struct sk_buff *skb, u32 sum) = (void *)40;
static long (*const redirect_neigh)(u32 ifindex, void *params, int params_length, u64 flags) = (void *)152;

struct ends {
  u32 source, destination;
  u16 source_port, destination_port;
}; /* in network order, as on the wire */

struct ends6 {
  u32 source[4], destination[4];
  u16 source_port, destination_port;
};

struct rule {
  u32 interface;     /* on which it leaves */
  u32 index;         /* in COUNTS */
  u32 ssrc;          /* the only source, in network order; another is judged by the relay */
  u32 interval_ns;   /* a packet's share of a second, by the limit of packets a second */
  u16 max_length;    /* longest RTP packet */
  u8 payload[2];     /* the only payload types */
  u8 traffic_class;
  u8 is_loopback;    /* an interface without neighbours */
  u16 unused;
};

struct flow {
  struct ends to;
  struct rule rule;
};

struct flow6 {
  struct ends6 to;
  struct rule rule;
};

struct counts {
  u64 packets, bytes, last_ns;
  u64 due_ns;        /* generic cell rate algorithm (ITU-T I.371) */
  u64 seen;          /* bit i: the packet i before the highest came */
  u64 duplicates, reordered;
  u32 highest;       /* sequence number */
  u32 transit, timestamp;
  u32 jitter;        /* 16 times the interarrival jitter in units of the timestamp (RFC 3550 A.8) */
  u32 failed;        /* not redirected */
  u32 limited;       /* beyond the limit of packets a second */
  u32 started;       /* whether transit and timestamp are of a packet */
  u32 unused[11];
}; /* 128 bytes: two flows share no cache line */

struct speech {
  u16 source_port, destination_port, udp_length, udp_checksum;
  u8 rtp_first, rtp_second;
  u16 sequence;
  u32 timestamp, ssrc;
};

// What follows the Ethernet header, which leaves it aligned (NET_IP_ALIGN).
struct packet {
  u8 version, tos;
  u16 length, id, fragment;
  u8 ttl, protocol;
  u16 checksum;
  u32 source, destination;
  struct speech speech;
};

struct packet6 {
  u8 version, rest[3]; /* traffic class and flow label are in both */
  u16 length;
  u8 next, hops;
  u32 source[4], destination[4];
  struct speech speech;
};

#define ETHERNET 14
#define WHOLE(type) (ETHERNET + sizeof(struct type))
#define AT(type, field) (ETHERNET + __builtin_offsetof(struct type, field))
#define INLINE static inline __attribute__((always_inline))
#define SECOND 1000000000ULL
#define CLOCK_RATE 8000 /* of every payload type that is offered here */

// RFC 3550 A.1, A.3, A.8, as RtpReceiverStatistics does it in the relay. What is beyond it (a jump) is not offered: the caller sends it there.
INLINE int judge(struct counts *counts, const struct speech *packet, const struct rule *rule, u64 now)
{
  u32 sequence = __builtin_bswap16(packet->sequence), timestamp = __builtin_bswap32(packet->timestamp);
  u32 ahead = (sequence - counts->highest) & 0xFFFF;
  if (ahead >= 3000 && ahead <= 65536 - 64) return NEXT;

  u64 due = counts->due_ns > now ? counts->due_ns : now;
  if (due - now > SECOND - rule->interval_ns) {
    counts->limited++;
    return DROP;
  }
  counts->due_ns = due + rule->interval_ns;

  if (ahead == 0) {
    counts->duplicates++;
  } else if (ahead < 3000) {
    counts->seen = ahead < 64 ? counts->seen << ahead | 1 : 1;
    counts->highest = sequence;
  } else {
    u64 bit = 1ULL << ((65536 - ahead) & 63);
    if (counts->seen & bit) counts->duplicates++;
    else counts->reordered++;
    counts->seen |= bit;
  }

  if (timestamp != counts->timestamp || !counts->started) {
    u32 transit = (u32)(now / (SECOND / CLOCK_RATE)) - timestamp;
    int apart = (int)(transit - counts->transit);
    if (apart < 0) apart = -apart;
    if (counts->started) counts->jitter += apart - ((counts->jitter + 8) >> 4);
    counts->started = 1;
    counts->transit = transit;
    counts->timestamp = timestamp;
  }
  counts->packets++;
  counts->bytes += __builtin_bswap16(packet->udp_length) - 8;
  counts->last_ns = now;
  return 0;
}

// Whether a flow's rule is for this packet, and if so what is done with it; 0: forward it. RTP of version 2 with nothing between header and payload.
INLINE int obey(const struct rule *rule, const struct speech *speech)
{
  u8 payload = speech->rtp_second & 0x7F;
  u32 length = __builtin_bswap16(speech->udp_length);
  if ((payload != rule->payload[0] && payload != rule->payload[1]) || speech->ssrc != rule->ssrc || length < 20 || length > rule->max_length + 8u) return NEXT;
  u32 index = rule->index;
  struct counts *counts = map_lookup(COUNTS, &index);
  return counts ? judge(counts, speech, rule, now_ns()) : NEXT;
}

INLINE int leave(u32 index, u32 interface, u8 is_loopback)
{
  long result = is_loopback ? redirect(interface, 0) : redirect_neigh(interface, 0, 0, 0);
  if (result != REDIRECT) {
    struct counts *counts = map_lookup(COUNTS, &index);
    if (counts) counts->failed++;
  }
  return result;
}

// Whether that many bytes can be read.
INLINE int whole(struct sk_buff *skb, u32 length)
{
  if ((void *)(u64)skb->data + length <= (void *)(u64)skb->data_end) return 1;
  return skb->len >= length && !pull(skb, length);
}

INLINE int forward4(struct sk_buff *skb)
{
  if (!whole(skb, WHOLE(packet)) || (void *)(u64)skb->data + WHOLE(packet) > (void *)(u64)skb->data_end) return NEXT;
  struct packet *packet = (void *)(u64)skb->data + ETHERNET;
  const struct speech *speech = &packet->speech;
  // Without options, whole, UDP.
  if (packet->version != 0x45 || packet->protocol != 17 || packet->fragment & __builtin_bswap16(0x3FFF) || speech->rtp_first != 0x80) return NEXT;

  struct ends key = {packet->source, packet->destination, speech->source_port, speech->destination_port};
  struct flow *flow = map_lookup(FLOWS, &key);
  if (!flow) return NEXT;
  u32 length = __builtin_bswap16(speech->udp_length) + 20;
  if (length != __builtin_bswap16(packet->length) || length + ETHERNET > skb->len) return NEXT;
  int verdict = obey(&flow->rule, speech);
  if (verdict) return verdict;

  // One flow is never changed in place, only deleted and made anew, so that what is read of it here belongs together.
  struct ends to = flow->to;
  u32 interface = flow->rule.interface, index = flow->rule.index;
  u8 is_loopback = flow->rule.is_loopback;
  u16 life[2] = {*(u16 *)&packet->version, *(u16 *)&packet->ttl};
  u16 fresh[2] = {life[0], life[1]};
  ((u8 *)fresh)[1] = flow->rule.traffic_class;
  ((u8 *)fresh)[2] = 64;
  s64 addresses = csum_diff(&key, 8, &to, 8, 0);
  s64 rest = csum_diff(life, 4, fresh, 4, 0);
  s64 ports = csum_diff(&key.source_port, 4, &to.source_port, 4, 0);
  l4_csum(skb, AT(packet, speech.udp_checksum), 0, addresses, PSEUDO_HEADER | ZERO_IS_NONE);
  l4_csum(skb, AT(packet, speech.udp_checksum), 0, ports, ZERO_IS_NONE);
  l3_csum(skb, AT(packet, checksum), 0, addresses, 0);
  l3_csum(skb, AT(packet, checksum), 0, rest, 0);
  store(skb, AT(packet, tos), (u8 *)fresh + 1, 1, 0);
  store(skb, AT(packet, ttl), (u8 *)fresh + 2, 1, 0);
  store(skb, AT(packet, source), &to, sizeof(to), 0);
  return leave(index, interface, is_loopback);
}

INLINE int forward6(struct sk_buff *skb)
{
  if (!whole(skb, WHOLE(packet6)) || (void *)(u64)skb->data + WHOLE(packet6) > (void *)(u64)skb->data_end) return NEXT;
  struct packet6 *packet = (void *)(u64)skb->data + ETHERNET;
  const struct speech *speech = &packet->speech;
  // Without extension headers, a fragment's among them; UDP, whose checksum is never left out (RFC 8200 §8.1).
  if (packet->version >> 4 != 6 || packet->next != 17 || speech->rtp_first != 0x80 || !speech->udp_checksum) return NEXT;

  struct ends6 key;
  __builtin_memcpy(&key, packet->source, 32);
  key.source_port = speech->source_port;
  key.destination_port = speech->destination_port;
  struct flow6 *flow = map_lookup(FLOWS6, &key);
  if (!flow) return NEXT;
  u32 length = __builtin_bswap16(speech->udp_length);
  if (length != __builtin_bswap16(packet->length) || length + 40 + ETHERNET > skb->len) return NEXT;
  int verdict = obey(&flow->rule, speech);
  if (verdict) return verdict;

  struct ends6 to = flow->to;
  u32 interface = flow->rule.interface, index = flow->rule.index;
  u8 is_loopback = flow->rule.is_loopback, class = flow->rule.traffic_class;
  u8 first[4] = {0x60 | class >> 4, class << 4, 0, 0}, last[2] = {17, 64}; /* no flow label: it was the sender's */
  s64 addresses = csum_diff(&key, 32, &to, 32, 0);
  s64 ports = csum_diff(&key.source_port, 4, &to.source_port, 4, 0);
  l4_csum(skb, AT(packet6, speech.udp_checksum), 0, addresses, PSEUDO_HEADER | ZERO_IS_NONE);
  // The line before has taken the addresses out of a sum that the card made of the whole packet, for the sake of IPv4's own checksum. Here is none,
  // and addresses and UDP's checksum cancel out.
  csum_update(skb, addresses);
  l4_csum(skb, AT(packet6, speech.udp_checksum), 0, ports, ZERO_IS_NONE);
  store(skb, AT(packet6, version), first, sizeof(first), RECOMPUTE);
  store(skb, AT(packet6, next), last, sizeof(last), RECOMPUTE);
  store(skb, AT(packet6, source), &to, sizeof(to), 0);
  return leave(index, interface, is_loopback);
}

__attribute__((section("tcx"), used)) int forward(struct sk_buff *skb)
{
  if (skb->pkt_type != TO_US || skb->vlan_present) return NEXT;
  if (skb->protocol == __builtin_bswap16(0x0800)) return forward4(skb);
  if (skb->protocol == __builtin_bswap16(0x86DD)) return forward6(skb);
  return NEXT;
}
