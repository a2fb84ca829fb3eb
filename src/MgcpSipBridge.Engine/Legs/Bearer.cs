using System.Collections.Immutable;
using MgcpSipBridge.Calls;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;

namespace MgcpSipBridge.Engine;

/// <summary>
/// A call's connection on a line's endpoint together with the relay session it needs. Whatever was created is deleted: a connection that
/// is still being created when the call ends is deleted as soon as it exists.
/// </summary>
internal sealed class Bearer(EngineCore core, ActiveCall call)
{
    private enum Stage
    {
        None,
        Creating,
        Up,
        Deleting,
    }

    private Stage _stage = Stage.None;
    private CommandId _creating;
    private string? _connection;
    private int _attempt;
    private ConnectionMode _mode = ConnectionMode.RecvOnly;
    private bool _described;
    private bool _released;
    private bool _told;
    private bool _lowRate;
    private bool _hearsUs;

    /// <summary>Whether the gateway holds, or may hold, a connection of this call.</summary>
    public bool IsHeld => _stage != Stage.None;

    /// <summary>What the gateway refused the connection with, once that failed the call; 0 for silence.</summary>
    public int? RefusedWith { get; private set; }

    /// <summary>The call.</summary>
    public ActiveCall Call => call;

    /// <summary>The line whose endpoint has the connection; a call that the bridge has answered may be tried at several.</summary>
    public LineSlot Line { get; } = call.Line;

    private EndpointId Endpoint => Line.Endpoint;

    private string MgcpCallId => call.Name;

    /// <summary>Leases ports and creates the connection. A caller's connection needs no remote description yet, a called one waits for the ports.</summary>
    public void Prepare()
    {
        if (!call.Media.IsHeld) call.Media.Open();
        if (call.FromLine || call.Media.IsOpen) Create();
    }

    public void OnPortsOpened()
    {
        if (_released) return;
        if (!call.FromLine && _stage == Stage.None) Create();
        TellWhenReady();
    }

    public void OnPortsRefused() => Fail(CallCause.Congestion);

    public bool Has(string connection) => connection.Equals(_connection, StringComparison.OrdinalIgnoreCase);

    public void OnCreated(MgcpEvent.ConnectionCreated created)
    {
        _connection = created.Connection;
        if (_released)
        {
            // The deletion was asked for while the creation was under way; the call agent has it queued.
            return;
        }

        _stage = Stage.Up;
        if (!call.Media.TakeGatewayDescription(created.LocalDescription))
        {
            Fail(CallCause.IncompatibleMedia);
            return;
        }

        if (call.Media.GatewayMayBeNarrowed) _described = false;
        TellWhenReady();
    }

    public void OnModified(MgcpEvent.ConnectionModified modified)
    {
        if (_released || call.Fax.Takes(modified.Command, modified.LocalDescription)) return;
        if (modified.LocalDescription.IsEmpty) return;
        if (call.Media.TakeGatewayDescription(modified.LocalDescription) && call.Media.PeerSeesChange) core.Raise(Line, new CallEvent.BearerChanged(call.Id));
    }

    public void OnDeleted(ConnectionStatistics? counted = null)
    {
        Count(counted);
        _stage = Stage.None;
        _connection = null;
    }

    /// <summary>The gateway deleted a connection (DLCX from the gateway); null stands for all it had.</summary>
    public void OnLost(string? connection, bool tell, ConnectionStatistics? counted = null, int reason = 0)
    {
        if (_stage == Stage.Deleting && connection is not null) return;
        if (connection is not null && !connection.Equals(_connection, StringComparison.OrdinalIgnoreCase)) return;
        Count(counted);
        _stage = Stage.None;
        _connection = null;
        if (tell) Fail(CauseMap.FromReason(reason));
    }

    public void OnFailed(CommandId command, int code)
    {
        if (call.Bearer == this) call.MgcpCode = code;
        if (command == _creating)
        {
            _creating = default;
            if (_released) return;
            if (CauseMap.IsAboutBandwidth(code) && !_lowRate && !LocalOptions.LowRate(call.Media.Wanted(Line.Gateway.Audit)).IsEmpty)
            {
                _lowRate = true;
                Create();
                return;
            }

            if (CauseMap.IsAboutOptions(code) && _attempt + 1 < LocalOptions.Attempts(call.Media.Wanted(Line.Gateway.Audit)))
            {
                _attempt++;
                Create();
                return;
            }

            _stage = Stage.None;
            Refused(code);
            return;
        }

        if (_stage == Stage.Deleting) OnDeleted();
        else if (!_released && !call.Fax.Takes(command, null)) Refused(code);
    }

    /// <summary>Lets the line hear the far end before the answer.</summary>
    public void Hear() => Modify(_mode = ConnectionMode.RecvOnly);

    /// <summary>Tells the gateway whom it hears before it has been told of the peer: something is about to be played to it.</summary>
    public void HearUs()
    {
        if (_described || _hearsUs || _stage != Stage.Up) return;
        _hearsUs = true;
        Modify(_mode);
        // What the peer says is still to be told.
        _described = false;
    }

    /// <summary>Opens both directions.</summary>
    public void Connect() => Modify(_mode = ConnectionMode.SendRecv);

    /// <summary>The peer's description changed before the answer: the next command tells the gateway.</summary>
    public void Undescribe() => _described = false;

    /// <summary>The peer's description changed inside the call: tells the gateway at once if it sees any of it (a hold, say, it does not).</summary>
    public void Redescribe()
    {
        if (!call.Media.GatewaySeesChange(Line.Gateway.Audit)) return;
        _described = false;
        Modify(_mode);
    }

    /// <summary>L: that asks for formats as the connection's creation did, with another fax procedure.</summary>
    public string OptionsFor(ImmutableArray<RtpFormat> formats, string? fax) => LocalOptions.For(formats, _attempt, call.Media.WantedPtime, fax);

    /// <summary>Has the gateway change what it speaks on the connection; default when there is none. The outcome is told to <see cref="FaxLeg.Takes"/>.</summary>
    /// <param name="options">L:; null to leave it as it is.</param>
    /// <param name="remote">What is told of the far end; empty for nothing.</param>
    /// <param name="connects">Whether that opens both directions.</param>
    public CommandId Change(string? options, ReadOnlyMemory<byte> remote, bool connects = false)
    {
        if (_stage != Stage.Up || _connection is null || _released) return default;
        _described = true;
        ConnectionMode? mode = connects ? _mode = ConnectionMode.SendRecv : null;
        var command = core.Mgcp.ModifyConnection(Endpoint, _connection, new ConnectionRequest(MgcpCallId, mode, options, remote, Line.Gateway.TakeForCommand()), core.Now);
        core.Commands[command] = this;
        return command;
    }

    /// <summary>Deletes the connection and gives the ports back.</summary>
    public void Release()
    {
        call.Media.Close();
        Leave();
    }

    /// <summary>Deletes the connection; the ports stay, for the caller is still there.</summary>
    public void Leave()
    {
        if (_released) return;
        _released = true;
        switch (_stage)
        {
            case Stage.Up:
                _stage = Stage.Deleting;
                core.Commands[core.Mgcp.DeleteConnection(Endpoint, MgcpCallId, _connection, Line.Gateway.TakeForCommand(), core.Now)] = this;
                break;
            case Stage.Creating:
                // The phone must not wait for it: its request goes by itself.
                _stage = Stage.Deleting;
                core.Commands[core.Mgcp.DeleteConnection(Endpoint, MgcpCallId, null, null, core.Now)] = this;
                break;
        }
    }

    private void Create()
    {
        _stage = Stage.Creating;
        var wanted = call.Media.Wanted(Line.Gateway.Audit);
        if (_lowRate) wanted = LocalOptions.LowRate(wanted);
        var remote = default(ReadOnlyMemory<byte>);
        if (!call.FromLine)
        {
            remote = call.Media.DescribeToGateway(Line.Gateway.Audit);
            _described = true;
        }

        _creating = core.Mgcp.CreateConnection(
            Endpoint,
            new ConnectionRequest(MgcpCallId, ConnectionMode.RecvOnly, LocalOptions.For(wanted, _attempt, call.Media.WantedPtime, call.Fax.Procedure), remote, Line.Gateway.TakeForCommand()) { Urgent = call.IsForHelp },
            core.Now);
        core.Commands[_creating] = this;
    }

    private void Modify(ConnectionMode mode)
    {
        if (_stage != Stage.Up || _connection is null) return;
        var remote = default(ReadOnlyMemory<byte>);
        if (!_described && (call.Media.KnowsPeer || call.Peer.IsAttended || _hearsUs))
        {
            remote = call.Media.DescribeToGateway(Line.Gateway.Audit);
            _described = true;
            call.Media.Refresh();
        }

        var command = core.Mgcp.ModifyConnection(
            Endpoint, _connection, new ConnectionRequest(MgcpCallId, mode, null, remote, Line.Gateway.TakeForCommand()), core.Now);
        core.Commands[command] = this;
    }

    private void TellWhenReady()
    {
        if (_told || _stage != Stage.Up || !call.Media.IsOpen) return;
        _told = true;
        // The connection may have come before the ports.
        call.Media.Refresh();
        core.Raise(Line, new CallEvent.BearerReady(call.Id));
    }

    private void Refused(int code)
    {
        RefusedWith = code;
        Fail(CauseMap.FromMgcp(code));
    }

    // The call's counters are those of the line that talked, not of one that only rang.
    private void Count(ConnectionStatistics? counted)
    {
        if (call.Bearer == this) call.OnCounted(counted);
    }

    private void Fail(CallCause cause)
    {
        if (!_released) core.Raise(Line, new CallEvent.BearerFailed(call.Id, cause));
    }
}
