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
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly PortPool _gatewayPool;
    private readonly PortPool _sipPool;
    private readonly PortLessor _gateway;
    private readonly PortLessor _sip;
    private readonly Dictionary<MediaId, RelayedSession> _sessions = [];
    private readonly Dictionary<MediaId, Task> _pumps = [];
    private readonly Channel<RelayCommand> _commands = Channel.CreateUnbounded<RelayCommand>(new() { SingleReader = true });
    private readonly Task _control;

    /// <summary>Starts a relay; it binds nothing until a session is opened.</summary>
    /// <param name="settings">Validated settings.</param>
    /// <param name="onEvent">
    /// Called for every event, from several threads, per session in order; must return at once and not throw: it hands on to a mailbox.
    /// </param>
    /// <param name="onFault">Told of exceptions that mean a bug; the relay goes on.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <exception cref="ArgumentException">The settings are not valid.</exception>
    public RtpRelay(RelaySettings settings, Action<RelayEvent> onEvent, Action<Exception>? onFault = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(onEvent);
        if (settings.Validate() is { Count: > 0 } errors) throw new ArgumentException(string.Join(' ', errors), nameof(settings));
        _settings = settings;
        _onEvent = onEvent;
        _onFault = onFault;
        _time = time ?? TimeProvider.System;
        _start = _time.GetTimestamp();
        var entropy = new Entropy(RandomNumberGenerator.GetBytes(Entropy.SeedBytes));
        _gatewayPool = NewPool();
        _sipPool = settings.SidesShareAddress ? _gatewayPool : NewPool();
        _gateway = new(_gatewayPool, settings.GatewayAddress, settings);
        _sip = new(_sipPool, settings.SipAddress, settings);
        _control = Task.Run(ControlAsync);

        PortPool NewPool() => new(settings.FirstPort, settings.LastPort, settings.Quarantine, entropy);
    }

    /// <summary>What the relay has done.</summary>
    public RelayCounters Counters { get; } = new();

    /// <summary>Gives the relay a command. Never blocks; after disposal commands are ignored.</summary>
    public void Post(RelayCommand command)
    {
        ArgumentNullException.ThrowIfNull(command);
        _commands.Writer.TryWrite(command);
    }

    /// <summary>Obeys what was posted, closes every session (each answered by Closed) and its sockets, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _commands.Writer.TryComplete();
        await _control.ConfigureAwait(false);
    }

    private Instant Now() => Instant.Zero + _time.GetElapsedTime(_start);

    // One reader: sessions, pools and the order of commands need no lock.
    private async Task ControlAsync()
    {
        await foreach (var command in _commands.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                await ObeyAsync(command).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                _onFault?.Invoke(e);
            }

            var pairs = _gatewayPool.Leased + (ReferenceEquals(_gatewayPool, _sipPool) ? 0 : _sipPool.Leased);
            Counters.SetInUse(_sessions.Count, 2 * pairs);
        }

        foreach (var media in _sessions.Keys.ToArray()) await CloseAsync(media).ConfigureAwait(false);
        Counters.SetInUse(0, 0);
    }

    private Task ObeyAsync(RelayCommand command)
    {
        switch (command)
        {
            case RelayCommand.Open open:
                Open(open.Media);
                return Task.CompletedTask;
            case RelayCommand.SetRemote set:
                if (_sessions.TryGetValue(set.Media, out var session)) session.SetRemote(set.Side, set.Remote);
                return Task.CompletedTask;
            default:
                return CloseAsync(command.Media);
        }
    }

    private void Open(MediaId media)
    {
        if (!_sessions.TryGetValue(media, out var session))
        {
            var now = Now();
            if (_sessions.Count >= _settings.MaxSessions || !_gateway.TryLease(now, out var gateway))
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

            session = new RelayedSession(media, gateway, sip, _settings.MaxPacketBytes, Counters, _onEvent, Now);
            _sessions.Add(media, session);
            // The loops live as long as the process: no caller's context may live on in them.
            using (ExecutionContext.SuppressFlow()) _pumps.Add(media, session.RunAsync(_onFault));
        }

        _onEvent(new RelayEvent.Opened(
            media,
            NetAddress.From(_settings.GatewayAdvertise ?? _settings.GatewayAddress, session.Gateway.Port),
            NetAddress.From(_settings.SipAdvertise ?? _settings.SipAddress, session.Sip.Port)));
    }

    // A session that is not there is answered too: whoever waits for Closed must not wait for ever.
    private async Task CloseAsync(MediaId media)
    {
        var statistics = RelayStatistics.None;
        if (_sessions.Remove(media, out var session))
        {
            statistics = session.Close();
            var now = Now();
            _gateway.Release(session.Gateway, now);
            _sip.Release(session.Sip, now);
            if (_pumps.Remove(media, out var pump)) await pump.ConfigureAwait(false);
        }

        _onEvent(new RelayEvent.Closed(media, statistics));
    }
}
