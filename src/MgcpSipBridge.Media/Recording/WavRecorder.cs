using System.Buffers.Binary;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>What both ends say, as a WAV file of 16 bits: mixed, or the gateway left and the SIP peer right.</summary>
internal sealed class WavRecorder : Recorder
{
    private const int Frame = 160;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    private readonly PlayoutBuffer _gateway = new();
    private readonly PlayoutBuffer _sip = new();
    private readonly Limiter _limiter = new();
    private readonly int[] _sum = new int[Frame];
    private readonly short[] _mixed = new short[Frame];
    private readonly byte[] _bytes = new byte[4 * Frame];
    private readonly int _channels;
    private Instant _due;

    public WavRecorder(RelayCommand.Record command, IRecordingSink sink, Instant now) : base(command, sink, now)
    {
        _channels = command.Kind == RecordingKind.Separate ? 2 : 1;
        _due = now + Interval;
        Span<byte> header = stackalloc byte[WavFile.HeaderBytes];
        Write(header[..WriteHeader(0, header)]);
    }

    protected override Instant Due => Instant.Min(_due, Until);

    public override bool WantsSamples => true;

    public override void Take(RelaySide from, ReadOnlySpan<byte> datagram, in RtpHeader header, ReadOnlySpan<short> samples, Instant now)
    {
        if (!samples.IsEmpty) (from == RelaySide.Gateway ? _gateway : _sip).Put(header, samples, now);
    }

    public override void Tick(Instant now)
    {
        // Whoever comes late finds more due than it may hold.
        for (var until = Instant.Min(now, Until); _due <= until && MustEnd is null; _due += Interval)
        {
            var at = PlayoutBuffer.Position(_due) - Frame;
            if (_channels == 1) Mix(at);
            else Separate(at);
        }

        base.Tick(now);
    }

    protected override TimeSpan Length(long bytes, Instant now) =>
        TimeSpan.FromTicks(Math.Max(bytes - WavFile.HeaderBytes, 0) / (2 * _channels) * (TimeSpan.TicksPerSecond / G711.SampleRate));

    protected override int WriteHeader(long bytes, Span<byte> header)
    {
        WavFile.WriteHeader(header, _channels, bytes);
        return WavFile.HeaderBytes;
    }

    private void Mix(long at)
    {
        _sum.AsSpan().Clear();
        _gateway.AddTo(_sum, at);
        _sip.AddTo(_sum, at);
        _limiter.Apply(_sum, _mixed);
        for (var i = 0; i < Frame; i++) BinaryPrimitives.WriteInt16LittleEndian(_bytes.AsSpan(2 * i), _mixed[i]);
        Write(_bytes.AsSpan(0, 2 * Frame));
    }

    private void Separate(long at)
    {
        for (var channel = 0; channel < 2; channel++)
        {
            _sum.AsSpan().Clear();
            (channel == 0 ? _gateway : _sip).AddTo(_sum, at);
            for (var i = 0; i < Frame; i++) BinaryPrimitives.WriteInt16LittleEndian(_bytes.AsSpan((4 * i) + (2 * channel)), (short)_sum[i]);
        }

        Write(_bytes);
    }
}
