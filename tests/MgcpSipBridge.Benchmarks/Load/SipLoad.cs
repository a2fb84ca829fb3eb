using System.Diagnostics;
using System.Globalization;
using System.Text;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Benchmarks.Load;

/// <summary>
/// What idle lines and past transactions leave behind in the SIP layer alone, in virtual time: lines that register at a registrar which challenges, through hours of
/// refreshes; and calls that come and go in both directions. Then what answering one costs, in real time.
/// </summary>
internal static class SipLoad
{
    private const int LayerTransactionsPerTurn = 4;
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    public static async Task<int> Run(SipLoadOptions options)
    {
        var good = Register(options) & Churn(options);
        await SipUasLoad.Run(options);
        return good ? 0 : 1;
    }

    private static bool Register(SipLoadOptions options)
    {
        var before = Memory();
        var bench = new LayerBench(options.RegisterRate);
        for (var line = 0; line < options.Lines; line++)
        {
            var number = (100_000 + line).ToString(CultureInfo.InvariantCulture);
            bench.Layer.SetAccount(new SipAccount(number, "pbx", number, number, "secret" + number, null, Register: true), bench.Now);
            bench.Drain();
        }

        var start = bench.Now;
        var clock = Stopwatch.StartNew();
        while (bench.Registered < options.Lines && bench.Now - start < TimeSpan.FromHours(1)) bench.Wait(TimeSpan.FromSeconds(1));
        var took = bench.Now - start;
        var real = clock.Elapsed;
        Say($"{options.Lines} lines registered after {took.TotalSeconds:0} s of virtual time (aim: {Soon.TotalSeconds:0}), {bench.MostPerSecond} new REGISTERs in the busiest second, each challenged; {real.TotalMicroseconds / options.Lines:0} us of processor a line");
        bench.Wait(TimeSpan.FromMinutes(2));
        var held = Memory() - before;
        Say($"  {held / options.Lines} bytes a registered idle line, {bench.Layer.Counts.ClientTransactions} transactions");
        bench.Wait(TimeSpan.FromHours(6));
        var later = Memory() - before;
        var flat = later - held < options.Lines * 64L;
        Say($"  {later / options.Lines} bytes a line after six hours of refreshes ({bench.Accepted} REGISTERs accepted, {bench.Registered} lines registered): {(flat ? "flat" : "GROWING")}");
        GC.KeepAlive(bench);
        return took <= Soon && flat && bench.Registered == options.Lines;
    }

    private static bool Churn(SipLoadOptions options)
    {
        var bench = new LayerBench(options.RegisterRate);
        bench.Layer.SetAccount(new SipAccount("1001", "pbx", "1001", "1001", "secret", null, Register: false), bench.Now);
        // What compiling and the tables' first growth take is not what is left behind.
        for (var turn = 0; turn < 2000; turn++) bench.Turn();
        bench.Wait(TimeSpan.FromMinutes(4));
        var before = Memory();
        var clock = Stopwatch.StartNew();
        var most = 0;
        var turns = options.Transactions / LayerTransactionsPerTurn;
        for (var turn = 0; turn < turns; turn++)
        {
            bench.Turn();
            most = Math.Max(most, bench.Layer.Counts.ClientTransactions + bench.Layer.Counts.ServerTransactions);
        }

        var took = clock.Elapsed;
        bench.Wait(TimeSpan.FromMinutes(4));
        var left = Memory() - before;
        var counts = bench.Layer.Counts;
        Say($"{turns * LayerTransactionsPerTurn} transactions of {turns * 2} calls, {most} at a time at most: {took.TotalMicroseconds / turns / LayerTransactionsPerTurn:0.0} us each");
        Say($"  left behind: {counts.Calls} calls, {counts.Dialogs} dialogs, {counts.ClientTransactions + counts.ServerTransactions} transactions, next deadline {bench.Layer.NextDeadline?.ToString() ?? "none"}, {left / 1024.0:0} KB of memory (tables keep their room)");
        GC.KeepAlive(bench);
        // The tables stay as large as the most that they ever held: some 200 bytes for each of that, and nothing for each that was.
        return counts == default && bench.Layer.NextDeadline is null && left < (most * 400L) + (1 << 20);
    }

    private static long Memory()
    {
        GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    /// <summary>A layer and all that is at its other side: a registrar that challenges, and a phone that answers and hangs up.</summary>
    private sealed class LayerBench
    {
        private const string Answer = "v=0\r\no=- 2 2 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 5000 RTP/AVP 8\r\n";
        private static readonly NetAddress Us = NetAddress.FromIPv4(0xC0000201, 5060);
        private static readonly SipFlow Flow = new(SipTransport.Udp, Us, NetAddress.FromIPv4(0xC0000209, 5060));
        private static readonly byte[] Offer = Encoding.ASCII.GetBytes(Answer);
        private readonly HashSet<string> _registered = [];
        private readonly Queue<string> _toLayer = new();
        private readonly Queue<SipCallHandle> _ringing = new();
        private Instant _second = new(0);
        private int _inSecond;
        private int _calls;

        public LayerBench(int registerRate)
        {
            Layer = new SipLayer(
                new SipSettings { Listeners = [new SipListener(SipTransport.Udp, Us, "192.0.2.1", 5060)], RegisterRate = registerRate }, new Entropy(7));
            Layer.SetPeers([new SipPeerModel("pbx", "192.0.2.9", 5060, SipTransport.Udp, SipRegistrationMode.PerLine, null, null, null)], Now);
            Drain();
        }

        public SipLayer Layer { get; }

        public Instant Now { get; private set; } = new(TimeSpan.TicksPerSecond);

        public int Registered => _registered.Count;

        public int Accepted { get; private set; }

        public int MostPerSecond { get; private set; }

        /// <summary>A call of ours that is answered and hung up by the peer, and one of theirs that we answer and hang up: two INVITEs, two BYEs.</summary>
        public void Turn()
        {
            Layer.Invite(new SipInvite("1001", "pbx", "5551234", Offer), Now);
            Drain();
            var n = ++_calls;
            Deliver($"INVITE sip:1001@192.0.2.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKi{n};rport\r\nFrom: <sip:2001@192.0.2.9>;tag=f{n}\r\nTo: <sip:1001@192.0.2.1>\r\nCall-ID: in{n}\r\nCSeq: 1 INVITE\r\nContact: <sip:bob@192.0.2.9>\r\nContent-Type: application/sdp\r\n", Answer);
            while (_ringing.TryDequeue(out var call))
            {
                Layer.Answer(call, Offer, Now);
                Drain();
                Layer.HangUp(call, 16, Now);
                Drain();
            }

            Wait(TimeSpan.FromMilliseconds(10));
        }

        public void Wait(TimeSpan time)
        {
            var until = Now + time;
            while (Layer.NextDeadline is { } due && due <= until)
            {
                if (due > Now) Now = due;
                Layer.FireDue(Now);
                Drain();
            }

            Now = until;
        }

        public void Drain()
        {
            while (true)
            {
                while (Layer.TryTake(out var output))
                {
                    if (output is SipOutput.Send send) Read(Encoding.UTF8.GetString(send.Message.Span));
                    else if (output is SipOutput.Happened { Event: SipEvent.IncomingCall incoming }) _ringing.Enqueue(incoming.Call);
                }

                if (!_toLayer.TryDequeue(out var message)) return;
                Layer.Receive(Encoding.UTF8.GetBytes(message), Flow, Now);
            }
        }

        private void Read(string message)
        {
            var lines = message.Split("\r\n");
            string Header(string name) => Array.Find(lines, line => line.StartsWith(name + ": ", StringComparison.Ordinal))![(name.Length + 2)..];
            switch (lines[0][..lines[0].IndexOf(' ', StringComparison.Ordinal)])
            {
                case "REGISTER" when message.Contains("\r\nAuthorization:", StringComparison.Ordinal):
                    _registered.Add(Header("To"));
                    Accepted++;
                    Reply(200, $"Contact: {Header("Contact")};expires=3600\r\n");
                    break;
                case "REGISTER":
                    if (Now - _second >= TimeSpan.FromSeconds(1)) (_second, _inSecond) = (Now, 0);
                    MostPerSecond = Math.Max(MostPerSecond, ++_inSecond);
                    Reply(401, $"WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n{_inSecond}\", algorithm=MD5, qop=\"auth\"\r\n");
                    break;
                case "INVITE":
                    Reply(200, "Contact: <sip:bob@192.0.2.9>\r\nContent-Type: application/sdp\r\n", Answer);
                    break;
                case "ACK":
                    Deliver(Request("BYE", 2, Header("From"), Header("To"), Header("Call-ID")), queue: true);
                    break;
                case "BYE":
                    Reply(200);
                    break;
                case "SIP/2.0" when lines[0].Contains("200", StringComparison.Ordinal) && Header("CSeq") == "1 INVITE":
                    Deliver(Request("ACK", 1, Header("To"), Header("From"), Header("Call-ID")), queue: true);
                    break;
            }

            void Reply(int status, string extra = "", string body = "")
            {
                var to = Header("To");
                Deliver($"SIP/2.0 {status} X\r\nVia: {Header("Via")}\r\nFrom: {Header("From")}\r\nTo: {to}{(to.Contains(";tag=", StringComparison.Ordinal) ? "" : ";tag=t")}\r\nCall-ID: {Header("Call-ID")}\r\nCSeq: {Header("CSeq")}\r\n{extra}", body, queue: true);
            }
        }

        private string Request(string method, int cseq, string to, string from, string callId) =>
            $"{method} sip:1001@192.0.2.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKr{++_calls};rport\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: {callId}\r\nCSeq: {cseq} {method}\r\n";

        private void Deliver(string head, string body = "", bool queue = false)
        {
            _toLayer.Enqueue($"{head}Content-Length: {body.Length}\r\n\r\n{body}");
            if (!queue) Drain();
        }
    }
}
