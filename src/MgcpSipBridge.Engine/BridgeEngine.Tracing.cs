using System.Text;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <content>Which call a message belongs to.</content>
public sealed partial class BridgeEngine
{
    private readonly HashSet<LineSlot> _untracedLines = [];

    /// <summary>SIP messages of the input being handled whose call is not known yet.</summary>
    private readonly List<(string SipCallId, TracedMessage Message)> _untracedSip = [];

    /// <summary>Messages of peers' calls that wait for their routers, by Call-ID: what began a call belongs to it, when it is one.</summary>
    private readonly Dictionary<string, List<TracedMessage>> _waitingSip = new(StringComparer.Ordinal);

    /// <summary>Where the MGCP datagram came to that is being handled.</summary>
    private NetAddress _mgcpOn;

    private void TraceMgcp(EndpointId? endpoint, bool inbound, NetAddress remote, ReadOnlyMemory<byte> bytes, bool repeat)
    {
        var line = endpoint is { } id ? Line(id) : null;
        if (line is null && !_core.Settings.TellsMessages) return;
        var message = new TracedMessage(_core.Now, inbound, Transport: null, inbound ? _mgcpOn : NetAddress.None, remote, KeyVeil.Over(bytes));
        if (line is null) Put(null, message, repeat);
        // What comes while the line is idle belongs to the call before, unless this very input begins one.
        else if (line.Untraced.Count > 0 || (line.State.Current is null && !repeat && StartsCall(message)))
        {
            line.Untraced.Add(message);
            _untracedLines.Add(line);
        }
        else Put(line.Traced, message, repeat);
    }

    private static bool StartsCall(TracedMessage message) => message is { Inbound: true, Bytes.Length: >= 4 } && Ascii.EqualsIgnoreCase(message.Bytes.Span[..4], "NTFY"u8);

    private void TraceSip(string sipCallId, bool inbound, SipFlow flow, ReadOnlyMemory<byte> bytes, bool repeat)
    {
        var call = _core.SipCallIds.GetValueOrDefault(sipCallId);
        // What is received lies in memory that is used again.
        var message = new TracedMessage(_core.Now, inbound, flow.Transport, flow.Local, flow.Remote, KeyVeil.Over(inbound ? bytes.ToArray() : bytes));
        if (call is null) _untracedSip.Add((sipCallId, message));
        else Put(call, message, repeat);
    }

    /// <summary>Gives a call the messages that came before it was known.</summary>
    private void Bind(ActiveCall call)
    {
        if (call.Peer.SipCallId is not { } id) return;
        if (_waitingSip.Remove(id, out var waiting))
            foreach (var message in waiting)
                Put(call, message, repeat: false);
        foreach (var (about, message) in _untracedSip)
            if (about == id) Put(call, message, repeat: false);
        _untracedSip.RemoveAll(pair => pair.SipCallId == id);
    }

    private void Bind(ActiveCall call, LineSlot line)
    {
        foreach (var message in line.Untraced) Put(call, message, repeat: false);
        line.Untraced.Clear();
    }

    /// <summary>Messages that began no call belong to the line's last one.</summary>
    private void ForgetUntraced()
    {
        while (_core.Routers.TryTakeLeft(out var left))
        {
            if (_core.Routers.Waits(left) || !_waitingSip.Remove(left, out var messages)) continue;
            foreach (var message in messages) Put(null, message, repeat: false, left);
        }

        foreach (var (about, message) in _untracedSip)
        {
            if (!_core.Routers.Waits(about)) Put(null, message, repeat: false, about);
            else if (_waitingSip.TryGetValue(about, out var waiting)) waiting.Add(message);
            else _waitingSip[about] = [message];
        }

        _untracedSip.Clear();
        foreach (var line in _untracedLines)
        {
            foreach (var message in line.Untraced) Put(line.Traced, message, repeat: false);
            line.Untraced.Clear();
        }

        _untracedLines.Clear();
    }

    // Digits of no call are nobody's number.
    private bool Hides(ActiveCall? call) => _core.Settings.ShownDigits switch
    {
        ShownDigits.All => false,
        ShownDigits.Dialled => call is not { IsStillDialled: true },
        _ => true,
    };

    private void Put(ActiveCall? call, TracedMessage message, bool repeat, string about = "")
    {
        if (Hides(call)) message = message with { Bytes = DigitVeil.Over(message.Bytes, message.IsMgcp) };
        if (repeat) call?.Ladder.Repeat(message);
        else call?.Ladder.Add(message);
        if (_core.Settings.TellsMessages) _core.Emit(new EngineOutput.Traced(call?.Name ?? about, message));
    }
}
