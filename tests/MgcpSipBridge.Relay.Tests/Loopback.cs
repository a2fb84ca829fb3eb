using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay.Tests;

/// <summary>A clock that moves when it is told to.</summary>
public sealed class ManualTime : TimeProvider
{
    private long _ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
}

/// <summary>A relay on a loopback address of its own, with everything that it said.</summary>
public sealed class RelayBed : IAsyncDisposable
{
    public static readonly ImmutableArray<PayloadMapping> Speech = [new(0, 0), new(8, 8), new(101, 96)];

    /// <summary>How long anything may take on a machine that has other things to do. A guard against hanging, not a measurement.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static int Hosts;
    private readonly BlockingCollection<RelayEvent> _events = [];

    public RelayBed(int pairs = 8, IPAddress? address = null, Func<RelaySettings, RelaySettings>? adjust = null, SoundLibrary? sounds = null)
    {
        Address = address ?? NextAddress();
        var settings = new RelaySettings
        {
            GatewayAddress = Address,
            SipAddress = Address,
            FirstPort = 22_000,
            LastPort = 22_000 + (2 * pairs) - 1,
            // The clock stands still in most tests: what is measured by the second would stop them.
            RtpPerSecond = 100_000,
            CheckInterval = TimeSpan.FromMilliseconds(10),
        };
        Relay = new RtpRelay(adjust?.Invoke(settings) ?? settings, Take, Faults.Enqueue, Time, sounds, FastPaths.Enqueue);
    }

    /// <summary>Linux has the whole of 127/8: an address per test run and bed keeps its ports free of everybody else's.</summary>
    public static IPAddress NextAddress() =>
        OperatingSystem.IsLinux() ? new IPAddress([127, (byte)(Environment.ProcessId >> 8), (byte)Environment.ProcessId, (byte)(Interlocked.Increment(ref Hosts) % 250 + 2)]) : IPAddress.Loopback;

    /// <summary>Events at which whoever is told fails.</summary>
    public Func<RelayEvent, bool> Fails { get; set; } = _ => false;

    public IPAddress Address { get; }

    public ManualTime Time { get; } = new();

    public RtpRelay Relay { get; }

    public ConcurrentQueue<Exception> Faults { get; } = [];

    /// <summary>What was told of the kernel's fast path.</summary>
    public ConcurrentQueue<FastPathState> FastPaths { get; } = [];

    public bool IsSilent => _events.Count == 0;

    /// <summary>Takes the next event, which must be of this kind. The wait is a guard against hanging, not a measurement.</summary>
    public T Expect<T>() where T : RelayEvent
    {
        Assert.True(_events.TryTake(out var next, Patience), $"no {typeof(T).Name} came");
        return Assert.IsType<T>(next);
    }

    /// <summary>Takes the next event, whatever it is.</summary>
    public RelayEvent Next()
    {
        Assert.True(_events.TryTake(out var next, Patience), "no event came");
        return next;
    }

    public RelayEvent.Opened Open(long media)
    {
        Relay.Post(new RelayCommand.Open(new(media)));
        return Expect<RelayEvent.Opened>();
    }

    public RelayStatistics Close(long media)
    {
        Relay.Post(new RelayCommand.Close(new(media)));
        return Expect<RelayEvent.Closed>().Statistics;
    }

    public void SetRemote(long media, RelaySide side, NetAddress rtp, SourceLearning learn = SourceLearning.Strict, bool send = true, bool receive = true, NetAddress? rtcp = null, ImmutableArray<PayloadMapping>? types = null, bool expected = false) =>
        Relay.Post(new RelayCommand.SetRemote(new(media), side, new(rtp, rtcp ?? rtp.WithPort(rtp.Port + 1), learn, send, receive, types ?? Speech, Expected: expected)));

    /// <summary>Waits until all commands posted before have been obeyed.</summary>
    public void Settle()
    {
        Relay.Post(new RelayCommand.Close(new(-1)));
        Assert.Equal(RelayStatistics.None, Expect<RelayEvent.Closed>().Statistics);
    }

    /// <summary>Waits until packets sent before have been judged so.</summary>
    public void AwaitDropped(RelayDrop reason, long count) =>
        Assert.True(SpinWait.SpinUntil(() => Relay.Counters.Dropped(reason) == count, Patience), $"{Relay.Counters.Dropped(reason)} dropped for {reason}");

    public async ValueTask DisposeAsync()
    {
        await Relay.DisposeAsync();
        Assert.Empty(Faults);
        Assert.Equal((0, 0), (Relay.Counters.Sessions, Relay.Counters.PortsInUse));
        _events.Dispose();
    }

    private void Take(RelayEvent happened)
    {
        if (Fails(happened)) throw new InvalidOperationException($"{happened} is not taken");
        _events.Add(happened);
    }
}

/// <summary>An end of a stream: a UDP socket that sends and receives RTP.</summary>
public sealed class End : IDisposable
{
    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[65_536];
    private readonly SocketAddress _from;
    private ushort _sequence;

    public End(IPAddress address, int port = 0)
    {
        _socket = NetworkWire.Bind(address, port);
        (_socket.ReceiveTimeout, _socket.SendBufferSize) = (60_000, 1 << 20);
        _from = new SocketAddress(address.AddressFamily);
        var local = (IPEndPoint)_socket.LocalEndPoint!;
        Address = NetAddress.From(local.Address, local.Port);
    }

    public NetAddress Address { get; }

    public uint Ssrc { get; set; } = 0x0A0B0C0D;

    public static SocketAddress ToSocket(NetAddress address) => new IPEndPoint(address.ToIPAddress(), address.Port).Serialize();

    public byte[] Speak(NetAddress to, byte type = 0, byte fill = 0x55, bool marker = false)
    {
        var payload = new byte[160];
        payload.AsSpan().Fill(fill);
        var packet = new byte[172];
        new RtpHeader(type, _sequence, _sequence * 160u, Ssrc, marker).Write(payload, packet);
        _sequence++;
        Send(to, packet);
        return packet;
    }

    public void Skip(int packets) => _sequence += (ushort)packets;

    public void Send(NetAddress to, ReadOnlySpan<byte> datagram) => _socket.SendTo(datagram, SocketFlags.None, ToSocket(to));

    public void Send(SocketAddress to, ReadOnlySpan<byte> datagram) => _socket.SendTo(datagram, SocketFlags.None, to);

    /// <summary>Waits for the next datagram; the span is valid until the next call.</summary>
    public ReadOnlySpan<byte> Hear(out NetAddress from)
    {
        EndPoint source = new IPEndPoint(_socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        var length = _socket.ReceiveFrom(_buffer, ref source);
        from = NetAddress.From(((IPEndPoint)source).Address, ((IPEndPoint)source).Port);
        return _buffer.AsSpan(0, length);
    }

    /// <summary>The same without allocating.</summary>
    public int HearQuietly() => _socket.ReceiveFrom(_buffer, SocketFlags.None, _from);

    public bool HasHeard => _socket.Available > 0;

    /// <summary>Waits so long, or until it hears something.</summary>
    public void Wait(TimeSpan limit) => _socket.Poll(limit, SelectMode.SelectRead);

    public void Dispose() => _socket.Dispose();
}
