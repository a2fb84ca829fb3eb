using System.Security.Cryptography;
using System.Threading.Channels;
using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Relay;

/// <summary>
/// The RTP data plane: two pairs of ports per session, packets passed between them as <see cref="RelaySession"/> decides. Packets of a
/// session leave from the same ports on which that side is heard (symmetric RTP, RFC 4961).
/// </summary>
public sealed class RtpRelay : IAsyncDisposable
{
    private readonly RelaySettings _settings;
    private readonly Action<RelayEvent> _onEvent;
    private readonly Action<Exception>? _onFault;
    private readonly Action<FastPathState>? _onFastPath;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly PortPool _gatewayPool;
    private readonly PortPool _sipPool;
    private readonly PortLessor _gateway;
    private readonly PortLessor _sip;
    private readonly Dictionary<MediaId, MediaSession> _sessions = [];
    private readonly MediaPlane _plane;
    private readonly Channel<RelayCommand?> _commands = Channel.CreateUnbounded<RelayCommand?>(new() { SingleReader = true, AllowSynchronousContinuations = true });
    private readonly Task _control;
    private readonly Timer _checks;
    private readonly SoundLibrary _sounds;
    private readonly Conferences _conferences = new();
    private readonly RecordingFiles _recordings;
    private int _checkWaits;

    /// <summary>Starts a relay; it binds nothing until a session is opened.</summary>
    /// <param name="settings">Validated settings.</param>
    /// <param name="onEvent">
    /// Called for every event, from several threads, per session in order; must return at once and not throw: it hands on to a mailbox.
    /// </param>
    /// <param name="onFault">Told of exceptions that mean a bug; the relay goes on.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="sounds">Announcements that can be played by name; null for none.</param>
    /// <param name="onFastPath">Told when the kernel passes settled flows on at other interfaces than before, or no more, or its program was missing; returns at once and does not throw.</param>
    /// <param name="onRecordingFault">Told the name of a recording's file that cannot be made or written, and why; from any thread.</param>
    /// <param name="onRecordingCut">Told a recording whose file fails once it is begun, be it after its end was told; from any thread.</param>
    /// <exception cref="ArgumentException">The settings are not valid.</exception>
    /// <exception cref="PlatformNotSupportedException">The native engine or the fast path is asked for and the system does not allow it.</exception>
    public RtpRelay(RelaySettings settings, Action<RelayEvent> onEvent, Action<Exception>? onFault = null, TimeProvider? time = null, SoundLibrary? sounds = null, Action<FastPathState>? onFastPath = null, Action<string, string>? onRecordingFault = null, Action<RecordingId>? onRecordingCut = null)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(onEvent);
        if (settings.Validate() is { Count: > 0 } errors) throw new ArgumentException(string.Join(' ', errors), nameof(settings));
        _settings = settings;
        _onEvent = onEvent;
        _onFault = onFault;
        _onFastPath = onFastPath;
        _recordings = new(settings, onRecordingFault, onRecordingCut);
        _sounds = sounds ?? SoundLibrary.Empty;
        _time = time ?? TimeProvider.System;
        _start = _time.GetTimestamp();
        var entropy = new Entropy(RandomNumberGenerator.GetBytes(Entropy.SeedBytes));
        _gatewayPool = NewPool();
        _sipPool = settings.SidesShareAddress ? _gatewayPool : NewPool();
        _plane = MakePlane(new PlaneContext(settings, Counters, onEvent, onFault, Now, OpenKernelPath()));
        _gateway = new(_gatewayPool, settings.GatewayAddress, _plane);
        _sip = new(_sipPool, settings.SipAddress, _plane);
        _control = Task.Run(ControlAsync);
        using (ExecutionContext.SuppressFlow()) _checks = new Timer(static relay => ((RtpRelay)relay!).PostCheck(), this, settings.CheckInterval, settings.CheckInterval);

        PortPool NewPool() => new(settings.FirstPort, settings.LastPort, settings.Quarantine, entropy);
    }

    /// <summary>Whether the kernel passes settled flows on by itself, now.</summary>
    public FastPathState FastPath { get; private set; } = new(0, "it is switched off") { Lack = FastPathLack.SwitchedOff };

    /// <summary>Whether the native engine can be asked for on this system.</summary>
    public static bool NativeIsPossible => NativePlane.IsPossible;

    /// <summary>Whether a recording is still being written into a file of that name in <see cref="RelaySettings.RecordingFolder"/>.</summary>
    public bool IsRecording(string file) => _recordings.IsOpen(file);

    /// <summary>Whether the disk of <see cref="RelaySettings.RecordingFolder"/> has room for a recording, as far as it says.</summary>
    public bool HasRoomToRecord => _recordings.HasRoom;

    /// <summary>What the relay has done.</summary>
    public RelayCounters Counters { get; } = new();

    /// <summary>What carries the packets: portable or native.</summary>
    public RelayEngine Engine => _plane is NativePlane ? RelayEngine.Native : RelayEngine.Portable;

    /// <summary>Threads that do nothing but relay; 0 where the runtime's own do it.</summary>
    public int Threads => _plane.Threads;

    /// <summary>Whether those threads have the real-time priority that the settings ask for; false when they ask for none.</summary>
    public bool HasPriority => _plane.HasPriority;

    /// <summary>
    /// Gives the relay a command. Never waits: it is obeyed on the caller's thread when no other is under way, which spares waking one; its events may
    /// come before this returns. After disposal commands are ignored.
    /// </summary>
    public void Post(RelayCommand command)
    {
        ArgumentNullException.ThrowIfNull(command);
        _commands.Writer.TryWrite(command);
    }

    /// <summary>Obeys what was posted, closes every session (each answered by Closed) and its sockets, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        await _checks.DisposeAsync().ConfigureAwait(false);
        _commands.Writer.TryComplete();
        await _control.ConfigureAwait(false);
    }

    // One at a time, however busy the control loop is. Null stands for it among the commands.
    private void PostCheck()
    {
        if (Interlocked.Exchange(ref _checkWaits, 1) == 0) _commands.Writer.TryWrite(null);
    }

    private Instant Now() => Instant.Zero + _time.GetElapsedTime(_start);

    // One reader: sessions, pools and the order of commands need no lock.
    private async Task ControlAsync()
    {
        await foreach (var command in _commands.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                if (command is null)
                {
                    Volatile.Write(ref _checkWaits, 0);
                    await _plane.CheckAsync(_sessions.Values).ConfigureAwait(false);
                    LookAtFastPath();
                    continue;
                }

                await ObeyAsync(command).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                _onFault?.Invoke(e);
            }
        }

        foreach (var media in _sessions.Keys.ToArray()) await CloseAsync(media).ConfigureAwait(false);
        Counters.SetInUse(0, 0);
        await _plane.DisposeAsync().ConfigureAwait(false);
        await _recordings.SettleAsync().ConfigureAwait(false);
    }

    private void LookAtFastPath()
    {
        if (_plane.FastPath is not { } state || state == FastPath) return;
        FastPath = state;
        _onFastPath?.Invoke(state);
    }

    private KernelPath? OpenKernelPath()
    {
        if (_settings.FastPath == RelayFastPath.Off) return null;
        FastPath = new(0, "it needs the native engine") { Lack = FastPathLack.PortableEngine };
        if (_settings.Engine == RelayEngine.Portable) return null;
        try
        {
            var kernel = KernelPath.Open(_settings);
            FastPath = kernel.State;
            return kernel;
        }
        catch (FastPathException e) when (_settings.FastPath == RelayFastPath.Auto)
        {
            FastPath = new(0, e.Message) { Lack = e.Lack };
            return null;
        }
        catch (FastPathException e)
        {
            throw new PlatformNotSupportedException("The fast path is required. " + e.Message, e);
        }
    }

    private MediaPlane MakePlane(PlaneContext context)
    {
        if (_settings.Engine == RelayEngine.Portable) return new PortablePlane(context);
        try
        {
            return new NativePlane(context);
        }
        catch (PlatformNotSupportedException e)
        {
            // Without the native plane nobody gives the kernel flows, and nobody would take it away.
            context.Kernel?.Dispose();
            if (_settings.Engine == RelayEngine.Native || _settings.FastPath == RelayFastPath.Required) throw;
            if (context.Kernel is not null) FastPath = new(0, e.Message) { Lack = FastPathLack.PortableEngine };
            return new PortablePlane(context with { Kernel = null });
        }
    }

    private async ValueTask ObeyAsync(RelayCommand command)
    {
        switch (command)
        {
            case RelayCommand.Open open:
                Open(open.Media, open.Urgent);
                break;
            case RelayCommand.SetRemote set:
                if (_sessions.TryGetValue(set.Media, out var session)) session.SetRemote(set.Side, set.Remote);
                break;
            case RelayCommand.Close close:
                await CloseAsync(close.Media).ConfigureAwait(false);
                break;
            case RelayCommand.Record record:
                await RecordAsync(record).ConfigureAwait(false);
                break;
            case RelayCommand.Measure measure:
                _onEvent(new RelayEvent.Measured(
                    measure.Media, _sessions.TryGetValue(measure.Media, out var measured) ? await measured.MeasureAsync().ConfigureAwait(false) : RelayStatistics.None));
                break;
            case RelayCommand.Join join:
                await JoinAsync(join).ConfigureAwait(false);
                break;
            case RelayCommand.Play play:
                if (!_sessions.TryGetValue(play.Media, out var hearing)) _onEvent(new RelayEvent.PlayEnded(play.Media, play.Id, PlayEnd.NotPossible));
                else if (_sounds.Resolve(play) is { } found) await hearing.DoAsync(found).ConfigureAwait(false);
                else _onEvent(new RelayEvent.PlayEnded(play.Media, play.Id, PlayEnd.NotFound));
                break;
            default:
                if (_sessions.TryGetValue(command.Media, out var worked)) await worked.DoAsync(command).ConfigureAwait(false);
                if (command is RelayCommand.Leave leave) _conferences.Left(leave.Media, leave.Side);
                break;
        }
    }

    private async ValueTask RecordAsync(RelayCommand.Record record)
    {
        record = record with { MaxBytes = Math.Min(record.MaxBytes, _settings.MaxRecordingBytes) };
        // A file takes its time, and this may be the thread of whoever asked.
        var fault = RecordingFault.None;
        if (_sessions.TryGetValue(record.Media, out var session) && await Task.Run(() => _recordings.Open(record.Id, record.Kind, out fault)).ConfigureAwait(false) is { } sink)
            await session.RecordAsync(record, sink, _time.GetUtcNow()).ConfigureAwait(false);
        else
            _onEvent(new RelayEvent.RecordingEnded(record.Media, record.Id, RecordingEnd.Failed, 0, TimeSpan.Zero, fault));
    }

    private async ValueTask JoinAsync(RelayCommand.Join join)
    {
        var joined = false;
        if (_sessions.TryGetValue(join.Media, out var session))
        {
            // In one at a time: who is in another leaves it, with both ends.
            if (_conferences.Of(join.Media) is { } other && other != join.Conference)
            {
                await session.DoAsync(new RelayCommand.Leave(join.Media, RelaySide.Gateway)).ConfigureAwait(false);
                await session.DoAsync(new RelayCommand.Leave(join.Media, RelaySide.Sip)).ConfigureAwait(false);
                _conferences.Left(join.Media, side: null);
            }

            joined = await session.JoinAsync(join.Side, _conferences.Open(join.Conference)).ConfigureAwait(false);
            if (joined) _conferences.Entered(join.Media, join.Side, join.Conference);
            else _conferences.Forget(join.Conference);
        }

        _onEvent(new RelayEvent.Joined(join.Media, join.Side, join.Conference, joined));
    }

    private void Open(MediaId media, bool urgent)
    {
        if (!_sessions.TryGetValue(media, out var session))
        {
            var now = Now();
            if ((_sessions.Count >= _settings.MaxSessions && !urgent) || !_gateway.TryLease(now, out var gateway))
            {
                _onEvent(new RelayEvent.OpenFailed(media));
                return;
            }

            if (!_sip.TryLease(now, out var sip))
            {
                _gateway.Release(gateway, now);
                _onEvent(new RelayEvent.OpenFailed(media));
                return;
            }

            session = _plane.Start(media, gateway, sip);
            _sessions.Add(media, session);
            Count();
        }

        _onEvent(new RelayEvent.Opened(
            media,
            NetAddress.From(_settings.GatewayAdvertise ?? _settings.GatewayAddress, session.Gateway.Port),
            NetAddress.From(_settings.SipAdvertise ?? _settings.SipAddress, session.Sip.Port)));
    }

    // A session that is not there is answered too: whoever waits for Closed must not wait for ever. All that was commanded before holds by then.
    private async ValueTask CloseAsync(MediaId media)
    {
        var statistics = RelayStatistics.None;
        if (_sessions.Remove(media, out var session))
        {
            statistics = await session.CloseAsync().ConfigureAwait(false);
            _conferences.Left(media, side: null);
            var now = Now();
            _gateway.Release(session.Gateway, now);
            _sip.Release(session.Sip, now);
            Count();
        }
        else
        {
            await _plane.SettleAsync().ConfigureAwait(false);
        }

        _onEvent(new RelayEvent.Closed(media, statistics));
    }

    // Before an event tells of it.
    private void Count()
    {
        var pairs = _gatewayPool.Leased + (ReferenceEquals(_gatewayPool, _sipPool) ? 0 : _sipPool.Leased);
        Counters.SetInUse(_sessions.Count, 2 * pairs);
    }
}
