using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip.Tests.Layer;

/// <summary>
/// Two layers call each other at random over a network that loses, repeats and delays. Whatever happens: each call has one Gone and nothing
/// after it, no call is told its end twice, and in the end nothing is left on either side.
/// </summary>
public sealed class SoakTests
{
    [Theory]
    [InlineData(1, 0.0, SipTransport.Udp)]
    [InlineData(2, 0.1, SipTransport.Udp)]
    [InlineData(3, 0.3, SipTransport.Udp)]
    [InlineData(4, 0.5, SipTransport.Udp)]
    [InlineData(5, 0.0, SipTransport.Tcp)]
    public void Whatever_happens_everything_ends(ulong seed, double loss, SipTransport transport)
    {
        var first = new Soak(seed, loss, transport).Run(400);
        var second = new Soak(seed, loss, transport).Run(400);
        Assert.Equal(first.Hash, second.Hash);
        Assert.True(first.Talked > (loss < 0.4 ? 60 : 10), $"Only {first.Talked} calls were answered.");
    }

    private sealed class Soak
    {
        private readonly Entropy _chance;
        private readonly double _loss;
        private readonly SipTransport _transport;
        private readonly Side[] _sides;
        private readonly PriorityQueue<(Side To, byte[] Message, SipFlow Flow), (long, int)> _network = new();
        private Instant _now = new(10_000_000);
        private int _order;
        private int _answered;
        private ulong _hash = 14695981039346656037;

        public Soak(ulong seed, double loss, SipTransport transport)
        {
            _chance = new Entropy(seed);
            _loss = loss;
            _transport = transport;
            _sides = [new Side("192.0.2.1", "192.0.2.2", transport, _chance.Fork()), new Side("192.0.2.2", "192.0.2.1", transport, _chance.Fork())];
            foreach (var side in _sides)
            {
                side.Layer.SetPeers([new SipPeerModel("other", side.PeerHost, 5060, transport, SipRegistrationMode.None, null, null, null)], _now);
                side.Layer.SetAccount(new SipAccount("line", "other", "100", "100", null, null, Register: false), _now);
            }
        }

        public (ulong Hash, int Talked) Run(int calls)
        {
            for (var placed = 0; placed < calls;)
            {
                var side = _sides[_chance.Next(2)];
                if (_chance.Next(4) == 0)
                {
                    placed++;
                    var offer = _chance.Next(8) == 0 ? default : SipBench.Bytes(SipBench.Offer);
                    var call = side.Layer.Invite(new SipInvite("line", "other", "200", offer), _now);
                    side.Calls.Add(call, new CallLog(Outgoing: true));
                    Drain(side);
                }
                else
                {
                    Meddle(side);
                }

                Pass(TimeSpan.FromMilliseconds(_chance.Next(1500)));
            }

            foreach (var side in _sides)
            {
                foreach (var call in side.Calls.Keys.ToArray()) side.Layer.HangUp(call, 16, _now);
                Drain(side);
            }

            Pass(TimeSpan.FromSeconds(400));
            foreach (var side in _sides)
            {
                Assert.Equal(default, side.Layer.Counts);
                Assert.Null(side.Layer.NextDeadline);
                Assert.All(side.Calls.Values, log => Assert.True(log.Gone));
            }

            return (_hash, _answered);
        }

        // One of the things that an engine may do, whether it makes sense now or not.
        private void Meddle(Side side)
        {
            if (side.Calls.Count == 0) return;
            var live = side.Calls.Where(call => !call.Value.Gone || _chance.Next(20) == 0).Select(call => call.Key).ToArray();
            if (live.Length == 0) return;
            var call = live[_chance.Next(live.Length)];
            var layer = side.Layer;
            switch (_chance.Next(9))
            {
                case 0: layer.HangUp(call, 16, _now); break;
                case 1: layer.Reject(call, 486, 17, null, _now); break;
                case 2 or 3: layer.Progress(call, 180, default, _now); break;
                case 4: layer.Progress(call, 183, SipBench.Bytes(SipBench.Answer), _now); break;
                case 5 or 6 or 7: layer.Answer(call, SipBench.Bytes(SipBench.Answer), _now); break;
                default: layer.AnswerOffer(call, SipBench.Bytes(SipBench.Answer), _now); break;
            }

            Drain(side);
        }

        private void Pass(TimeSpan time)
        {
            var until = _now + time;
            while (true)
            {
                var deadline = Instant.Earliest(_sides[0].Layer.NextDeadline, _sides[1].Layer.NextDeadline);
                var arrival = _network.TryPeek(out _, out var next) ? new Instant(next.Item1) : Instant.Never;
                var at = deadline is { } due && due < arrival ? due : arrival;
                if (at > until) break;
                if (at > _now) _now = at;
                if (arrival <= at)
                {
                    var (to, message, flow) = _network.Dequeue();
                    to.Layer.Receive(message, flow, _now);
                }
                else
                {
                    foreach (var side in _sides) side.Layer.FireDue(_now);
                }

                foreach (var side in _sides) Drain(side);
            }

            _now = until;
        }

        private void Drain(Side side)
        {
            while (side.Layer.TryTake(out var output))
            {
                if (output is SipOutput.Send send) Carry(side, send);
                else if (output is SipOutput.Happened happened) Check(side, happened.Event);
            }
        }

        private void Carry(Side side, SipOutput.Send send)
        {
            foreach (var b in send.Message.Span) _hash = (_hash ^ b) * 1099511628211;
            var other = side == _sides[0] ? _sides[1] : _sides[0];
            var copies = _transport != SipTransport.Udp ? 1 : _chance.NextDouble() < _loss ? 0 : _chance.NextDouble() < _loss / 2 ? 2 : 1;
            for (; copies > 0; copies--)
            {
                // Streams keep the order, datagrams overtake each other.
                var delay = _transport == SipTransport.Udp ? 1 + _chance.Next(_loss > 0 ? 400 : 20) : 5;
                var flow = new SipFlow(_transport, other.Address, side.Address, _transport == SipTransport.Udp ? 0 : 1);
                _network.Enqueue((other, send.Message.ToArray(), flow), ((_now + TimeSpan.FromMilliseconds(delay)).Ticks, _order++));
            }
        }

        private void Check(Side side, SipEvent happened)
        {
            switch (happened)
            {
                case SipEvent.IncomingCall incoming:
                    side.Calls.Add(incoming.Call, new CallLog(Outgoing: false));
                    break;
                case SipEvent.Progressed progressed:
                    Log(progressed.Call, log => log.Outgoing && !log.Answered && !log.Ended);
                    break;
                case SipEvent.Answered answered:
                    Log(answered.Call, log => log.Outgoing && !log.Answered && !log.Ended).Answered = true;
                    _answered++;
                    break;
                case SipEvent.Confirmed confirmed:
                    Log(confirmed.Call, log => !log.Outgoing && !log.Ended);
                    break;
                case SipEvent.Rejected rejected:
                    Log(rejected.Call, log => log.Outgoing && !log.Answered && !log.Ended).Ended = true;
                    break;
                case SipEvent.HungUp hungUp:
                    Log(hungUp.Call, log => !log.Ended).Ended = true;
                    break;
                case SipEvent.Gone gone:
                    Log(gone.Call, _ => true).Gone = true;
                    break;
            }

            CallLog Log(SipCallHandle call, Func<CallLog, bool> fits)
            {
                var log = side.Calls[call];
                Assert.True(!log.Gone && fits(log), $"{happened} does not fit {log}");
                return log;
            }
        }

        private sealed class Side(string host, string peerHost, SipTransport transport, Entropy entropy)
        {
            public NetAddress Address { get; } = SipBench.Address(host + ":5060");

            public string PeerHost { get; } = peerHost;

            public Dictionary<SipCallHandle, CallLog> Calls { get; } = [];

            public SipLayer Layer { get; } = new(
                new SipSettings { Listeners = ImmutableArray.Create(new SipListener(transport, SipBench.Address(host + ":5060"), host, 5060)), RingTimeout = TimeSpan.FromSeconds(60) },
                entropy);
        }

        private sealed record CallLog(bool Outgoing)
        {
            public bool Answered { get; set; }

            public bool Ended { get; set; }

            public bool Gone { get; set; }
        }
    }
}
