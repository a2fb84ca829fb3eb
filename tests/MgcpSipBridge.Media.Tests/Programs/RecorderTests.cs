using System.Buffers.Binary;
using System.Text;
using static MgcpSipBridge.Media.Tests.Programs.ProgramBed;

namespace MgcpSipBridge.Media.Tests.Programs;

public sealed class RecorderTests
{
    private static readonly MediaId Media = new(7);
    private static readonly DateTimeOffset Utc = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly RelayForm Speech = Form(DtmfForm.Unchanged, 20, RtpFormat.Pcmu);

    private readonly ProgramBed _bed = Of(Speech, Form(DtmfForm.Unchanged, 20, RtpFormat.Pcma));
    private readonly Sink _sink = new();

    [Fact]
    public void Both_ends_are_recorded_apart()
    {
        Record(RecordingKind.Separate);
        Converse(1000);
        var end = End();
        Assert.Equal((RecordingEnd.Stopped, _sink.Bytes.Count), (end.Reason, (int)end.Bytes));
        var bytes = _sink.Bytes.ToArray();
        Assert.Equal(2, bytes[22]);
        Assert.Equal(bytes.Length - 44, BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(40)));
        Assert.Equal(bytes.Length - 8, BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4)));
        Assert.InRange(bytes.Length, 44 + (980 * 32), 44 + (1020 * 32));
        Assert.True(ToneDetector.Hears(Channel(bytes, 0, 2).AsSpan(1600), [700]));
        Assert.True(ToneDetector.Hears(Channel(bytes, 1, 2).AsSpan(1600), [1100]));
        Assert.False(_bed.Session.Statistics.Gateway.PacketsReceived == 0);
    }

    [Fact]
    public void A_mixed_recording_is_an_announcement_that_can_be_played()
    {
        Record(RecordingKind.Mixed);
        Converse(1000);
        End();
        Assert.Equal(SoundError.None, SoundReader.TryReadWav(_sink.Bytes.ToArray(), out var sound));
        Assert.True(ToneDetector.Hears(sound!.Samples.Span[1600..], [700, 1100]));
    }

    [Theory]
    [InlineData(RecordingKind.Mixed, 1)]
    [InlineData(RecordingKind.Separate, 2)]
    public void A_recording_begins_with_a_header_that_players_read(RecordingKind kind, int channels)
    {
        Record(kind);
        var header = _sink.Bytes.ToArray();
        Assert.Equal((44, "RIFF", "WAVEfmt ", channels, 0), (header.Length, Encoding.ASCII.GetString(header, 0, 4), Encoding.ASCII.GetString(header, 8, 8), header[22], BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(40))));
        // Whatever was written before it stopped counts, but for half a sample.
        WavFile.SetSize(header, 44 + 1003);
        Assert.Equal(1003 / (2 * channels) * (2 * channels), BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(40)));
        Assert.Equal(BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(40)) + 36, BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(4)));
        WavFile.SetSize(header, 10);
        Assert.Equal(0, BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(40)));
    }

    [Fact]
    public void Packets_are_recorded_as_they_came()
    {
        Record(RecordingKind.Packets);
        Converse(100);
        End();
        var bytes = _sink.Bytes.ToArray();
        Assert.Equal(0xA1B2C3D4, BinaryPrimitives.ReadUInt32LittleEndian(bytes));
        Assert.Equal(24 + (10 * (16 + 28 + 172)), bytes.Length);
        var first = bytes.AsSpan(24);
        Assert.Equal(Utc.ToUnixTimeSeconds(), BinaryPrimitives.ReadUInt32LittleEndian(first));
        Assert.Equal(200u, BinaryPrimitives.ReadUInt32LittleEndian(first[8..]));
        var ip = first[16..216];
        Assert.Equal((0x45, 17, 200), (ip[0], ip[9], BinaryPrimitives.ReadUInt16BigEndian(ip[2..])));
        var sum = 0;
        for (var i = 0; i < 20; i += 2) sum += BinaryPrimitives.ReadUInt16BigEndian(ip[i..]);
        Assert.Equal(0xFFFF, (sum & 0xFFFF) + (sum >> 16)); // RFC 1071: the header and its sum make all ones
        Assert.Equal(RtpParseError.None, RtpPacket.TryParse(ip[28..], out var packet));
        Assert.Equal((5u, 160), (packet.Header.Ssrc, packet.Payload.Length));
    }

    [Fact]
    public void Time_size_and_the_disk_end_a_recording()
    {
        Record(RecordingKind.Mixed, length: 500);
        Converse(1000);
        var ended = Assert.IsType<RelayEvent.RecordingEnded>(Assert.Single(_bed.Events));
        Assert.Equal((RecordingEnd.Length, 44 + (500 * 16)), (ended.Reason, (int)ended.Bytes));
        Assert.True(_sink.IsFinished);
        _bed.Events.Clear();

        Record(RecordingKind.Packets, bytes: 1000);
        Converse(1000);
        Assert.Equal(RecordingEnd.Size, Assert.IsType<RelayEvent.RecordingEnded>(Assert.Single(_bed.Events)).Reason);
        _bed.Events.Clear();

        _sink.IsFull = true;
        Record(RecordingKind.Mixed);
        Converse(100);
        var failed = Assert.IsType<RelayEvent.RecordingEnded>(Assert.Single(_bed.Events));
        Assert.Equal((RecordingEnd.Failed, RecordingFault.Disk), (failed.Reason, failed.Fault));
        _bed.Pass(1000);
        Assert.Single(_bed.Events);
    }

    [Theory]
    [InlineData(RecordingKind.Mixed, 16)]
    [InlineData(RecordingKind.Separate, 32)]
    [InlineData(RecordingKind.Packets, 0)]
    public void Who_looks_at_it_late_makes_it_neither_longer_nor_shorter(RecordingKind kind, int bytesPerMillisecond)
    {
        // A thread that is compiled for the first time, or that others keep from the processor, stands still for a while.
        Record(kind, length: 500);
        Converse(400);
        Stands(300);
        Assert.Equal(TimeSpan.FromMilliseconds(500), Ended(RecordingEnd.Length, 500 * bytesPerMillisecond).Length);

        Record(kind);
        Converse(400);
        Stands(300, ticks: false);
        _bed.Do(new RelayCommand.StopRecording(Media));
        Assert.Equal(TimeSpan.FromMilliseconds(700), Ended(RecordingEnd.Stopped, 700 * bytesPerMillisecond).Length);
    }

    // Time passes in which nobody does what is due; then a packet comes that waited, and what is due is done.
    private void Stands(int milliseconds, bool ticks = true)
    {
        _bed.Now += TimeSpan.FromMilliseconds(milliseconds);
        _bed.Rtp(RelaySide.Sip, new(8, 1000, 160_000, 5), new byte[160]);
        if (ticks) _bed.Pass(0);
    }

    private RelayEvent.RecordingEnded Ended(RecordingEnd reason, int bytes)
    {
        var ended = Assert.IsType<RelayEvent.RecordingEnded>(Assert.Single(_bed.Events));
        _bed.Events.Clear();
        Assert.Equal(reason, ended.Reason);
        if (bytes > 0) Assert.Equal(44 + bytes, ended.Bytes);
        else Assert.Equal(24, ended.Bytes % (16 + 28 + 172));
        return ended;
    }

    [Fact]
    public void One_at_a_time_and_none_after_the_call()
    {
        var first = _sink;
        Record(RecordingKind.Mixed);
        var second = new Sink();
        _bed.Session.Record(new(Media, new(2), RecordingKind.Mixed, TimeSpan.FromHours(1), 10_000_000), second, Utc, _bed.Now);
        _bed.Pass(20);
        Assert.Equal(new RecordingId(1), Assert.IsType<RelayEvent.RecordingEnded>(Assert.Single(_bed.Events)).Id);
        Assert.True(first.IsFinished);
        _bed.Session.StopRecording(_bed.Now, RecordingEnd.Closed);
        Assert.True(second.IsFinished);
        Assert.True(_bed.Session.TryTakeEvent(out var happened));
        Assert.Equal(RecordingEnd.Closed, Assert.IsType<RelayEvent.RecordingEnded>(happened).Reason);
    }

    private void Record(RecordingKind kind, int length = 3_600_000, long bytes = 10_000_000) =>
        _bed.Session.Record(new(Media, new(1), kind, TimeSpan.FromMilliseconds(length), bytes), _sink, Utc, _bed.Now);

    private RelayEvent.RecordingEnded End()
    {
        _bed.Do(new RelayCommand.StopRecording(Media));
        return Assert.IsType<RelayEvent.RecordingEnded>(Assert.Single(_bed.Events));
    }

    private void Converse(int milliseconds)
    {
        var (low, high) = (new short[160], new short[160]);
        var (phone, pbx) = (new ToneGenerator(new([700], -10)), new ToneGenerator(new([1100], -10)));
        var (mouth, ear) = (new Talker(_bed, RelaySide.Gateway) { Sequence = 1 }, (ushort)1);
        for (; milliseconds > 0; milliseconds -= 20)
        {
            phone.Fill(low);
            pbx.Fill(high);
            var codes = new byte[160];
            G711.EncodeALaw(high, codes);
            _bed.Rtp(RelaySide.Sip, new(8, ear, ear++ * 160u, 5), codes);
            mouth.Say(low);
        }
    }

    private static short[] Channel(byte[] wav, int channel, int channels) =>
        [.. Enumerable.Range(0, (wav.Length - 44) / (2 * channels)).Select(i => BinaryPrimitives.ReadInt16LittleEndian(wav.AsSpan(44 + (2 * ((i * channels) + channel)))))];

    private sealed class Sink : IRecordingSink
    {
        public List<byte> Bytes { get; } = [];

        public bool IsFull { get; set; }

        public bool IsFinished { get; private set; }

        public bool TryWrite(ReadOnlySpan<byte> bytes)
        {
            Bytes.AddRange(bytes);
            return !IsFull;
        }

        public void Finish(ReadOnlySpan<byte> header)
        {
            IsFinished = true;
            for (var i = 0; i < header.Length && i < Bytes.Count; i++) Bytes[i] = header[i];
        }
    }
}
