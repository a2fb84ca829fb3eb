using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using MgcpSipBridge.Media;
using MgcpSipBridge.Media.Tests.Relay;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Benchmarks.Relay;

/// <summary>What working on audio costs beside passing it: decisions alone, without sockets, on one core, the least of several rounds.</summary>
internal static class MediaBench
{
    private const int Rounds = 9;
    private const int Packets = 20_000;

    private static readonly NetAddress Phone = NetAddress.FromIPv4(0x0A000015, 4000);
    private static readonly NetAddress Pbx = NetAddress.FromIPv4(0xC0000209, 18210);
    private static readonly MediaId Media = new(1);

    public static void Run()
    {
        var muLaw = Form(0, DtmfForm.Unchanged, RtpFormat.Pcmu, RtpFormat.TelephoneEvent);
        var aLaw = Form(0, DtmfForm.Unchanged, RtpFormat.Pcma);
        Measure("passed as it is", Session(muLaw, muLaw));
        MeasureSecret("passed and encrypted (SRTP)", Session(muLaw, muLaw), decrypt: false);
        MeasureSecret("encrypted, decrypted and passed (SRTP)", Session(muLaw, muLaw), decrypt: true);
        Measure("passed with new numbers", Session(muLaw, muLaw, session => Do(session, new RelayCommand.Mute(Media, RelaySide.Sip, On: true))));
        Measure("µ-law to A-law", Session(muLaw, aLaw));
        Measure("20 ms to 30 ms, A-law", Session(Form(20, DtmfForm.Unchanged, RtpFormat.Pcmu), Form(30, DtmfForm.Unchanged, RtpFormat.Pcma)));
        Measure("digits looked for as tones", Session(Form(0, DtmfForm.InBand, RtpFormat.Pcmu), Form(0, DtmfForm.OutOfBand, RtpFormat.Pcmu)));
        Measure("a tone of two frequencies played back", Session(muLaw, muLaw, session => Play(session, new PlaySource.Tones(Tone.Of(350, 440)))));
        Measure("an announcement played back", Session(muLaw, muLaw, session => Play(session, new PlaySource.Recorded(new(new short[8000])))));
        foreach (var ends in (int[])[2, 3, 8])
        {
            // Each end speaks and hears; the price is one packet in and one out.
            var conference = new Conference();
            Measure($"conference of {ends}", [.. Enumerable.Range(0, ends).Select(_ => Session(muLaw, muLaw, session => session.Join(RelaySide.Gateway, conference, Instant.Zero)))]);
        }
    }

    private static RelayForm Form(int ptime, DtmfForm dtmf, params ImmutableArray<RtpFormat> formats) => new(formats, formats, ptime, dtmf);

    private static void Do(RelaySession session, RelayCommand command) => session.Do(command, Instant.Zero);

    private static void Play(RelaySession session, PlaySource source) => Do(session, new RelayCommand.Play(Media, new(1), RelaySide.Gateway, [source], Times: 0));

    private static RelaySession Session(RelayForm phone, RelayForm pbx, Action<RelaySession>? prepare = null)
    {
        var session = new RelaySession(new RelayLimits(1700, RtpPerSecond: 100_000), Media, seed: 1);
        session.SetRemote(RelaySide.Gateway, new(Phone, Phone.WithPort(4001), SourceLearning.Strict, true, true, AudioNegotiation.MapPayloads(phone.Sends, pbx.Wants), Form: phone));
        session.SetRemote(RelaySide.Sip, new(Pbx, Pbx.WithPort(18_211), SourceLearning.Strict, true, true, AudioNegotiation.MapPayloads(pbx.Sends, phone.Wants), Form: pbx));
        prepare?.Invoke(session);
        return session;
    }

    // A packet of the peer's has to be encrypted before it can be decrypted: the second line is the price of both.
    private static void MeasureSecret(string name, RelaySession session, bool decrypt)
    {
        var (theirs, ours) = (SrtpKey.New(SrtpSuite.AesCm128HmacSha1Tag80, new Entropy(1)), SrtpKey.New(SrtpSuite.AesCm128HmacSha1Tag80, new Entropy(2)));
        session.SetRemote(RelaySide.Sip, new(Pbx, Pbx.WithPort(18_211), SourceLearning.Strict, true, true, [new(0, 0)], Keys: new(theirs, ours)));
        var peer = new SrtpSender(theirs);
        var buffer = new byte[172 + SrtpSender.MostAdded];
        var codes = new byte[160];
        var now = Instant.Zero;
        ushort sequence = 0;
        var least = double.MaxValue;
        var allocated = 0L;
        for (var round = 0; round < Rounds; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < Packets; i++)
            {
                now += TimeSpan.FromMilliseconds(20);
                sequence++;
                new RtpHeader(0, sequence, sequence * 160u, 5).Write(codes, buffer);
                var length = 172;
                if (decrypt && peer.TryProtectRtp(buffer, ref length) != SrtpResult.Done) throw new InvalidOperationException("not encrypted");
                if (session.TryRelayRtp(decrypt ? RelaySide.Sip : RelaySide.Gateway, decrypt ? Pbx : Phone, buffer, ref length, now, out _) != RelayDrop.None) throw new InvalidOperationException("dropped");
            }

            least = Math.Min(least, Stopwatch.GetElapsedTime(start).TotalNanoseconds / Packets);
            if (round > 2) allocated += GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-40} {least,8:0} ns a packet, {allocated} bytes allocated"));
    }

    private static void Measure(string name, params RelaySession[] sessions)
    {
        var output = new MediaOutput();
        var packet = new byte[172];
        var codes = new byte[160];
        var noise = new Entropy(1);
        noise.Fill(codes);
        var now = Instant.Zero;
        ushort sequence = 0;
        var least = double.MaxValue;
        var allocated = 0L;
        long sent = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < Packets; i++)
            {
                if (i % sessions.Length == 0)
                {
                    now += TimeSpan.FromMilliseconds(20);
                    sequence++;
                }

                var session = sessions[i % sessions.Length];
                new RtpHeader(0, sequence, sequence * 160u, 5).Write(codes, packet);
                if (session.TryRelayRtp(RelaySide.Gateway, Phone, packet, now, out var destination) != RelayDrop.None) throw new InvalidOperationException("dropped");
                if (!destination.IsNone) continue;
                session.Take(RelaySide.Gateway, packet, now, output);
                if (session.NextDeadline <= now) session.Tick(now, output);
                sent += output.Count;
                output.Clear();
            }

            least = Math.Min(least, Stopwatch.GetElapsedTime(start).TotalNanoseconds / Packets);
            if (round > 2) allocated += GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{name,-40} {least,8:0} ns a packet, {allocated} bytes allocated, {(double)sent / Rounds / Packets:0.00} packets out for one in"));
    }
}
