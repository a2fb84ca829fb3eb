using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using MgcpSipBridge.Interop;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Benchmarks.Load;

/// <summary>
/// A wire between the bridge and the peer that looks at the clock: when a line's INVITE came out of the bridge, and when the answer went in. So the
/// bridge's own share of the time to an answer is told from the peer's.
/// </summary>
internal sealed partial class SipTap : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, string> _lines = new();
    private readonly ConcurrentDictionary<string, (Instant Invited, Instant Answered)> _times = new();
    private readonly Socket _outside;
    private readonly Socket _inside;
    private readonly EndPoint _peer;
    private readonly Task[] _passing;
    private volatile EndPoint? _bridge;

    /// <summary>Listens on <paramref name="host"/>, for the bridge; what comes goes on to <paramref name="peer"/>.</summary>
    public SipTap(LoopbackHost host, NetAddress peer)
    {
        _peer = new IPEndPoint(peer.ToIPAddress(), peer.Port);
        (_outside, _inside) = (Bind(host), Bind(host));
        Address = host.At(((IPEndPoint)_outside.LocalEndPoint!).Port);
        _passing = [Task.Factory.StartNew(() => Pass(_outside, _inside), TaskCreationOptions.LongRunning), Task.Factory.StartNew(() => Pass(_inside, _outside), TaskCreationOptions.LongRunning)];
    }

    /// <summary>Where the bridge is to send.</summary>
    public NetAddress Address { get; }

    /// <summary>The times of the line's last call: its INVITE's, and its answer's on the way to the bridge.</summary>
    public (Instant Invited, Instant Answered) Of(string line) => _times.GetValueOrDefault(line);

    public async ValueTask DisposeAsync()
    {
        _outside.Dispose();
        _inside.Dispose();
        await Task.WhenAll(_passing);
    }

    private static Socket Bind(LoopbackHost host)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 1 << 20 };
        socket.Bind(new IPEndPoint(host.Address, 0));
        return socket;
    }

    private void Pass(Socket from, Socket to)
    {
        var buffer = new byte[65_536];
        try
        {
            while (true)
            {
                EndPoint sender = new IPEndPoint(IPAddress.Any, 0);
                var length = from.ReceiveFrom(buffer, ref sender);
                var now = NodePump.Now;
                if (from == _outside) _bridge = sender;
                // Before it goes on: the phone may hear the answer before this thread is back.
                Note(Encoding.Latin1.GetString(buffer, 0, length), now);
                if ((from == _outside ? _peer : _bridge) is { } next) to.SendTo(buffer.AsSpan(0, length), next);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private void Note(string message, Instant now)
    {
        var invite = message.StartsWith("INVITE ", StringComparison.Ordinal);
        if (!invite && !(message.StartsWith("SIP/2.0 200 ", StringComparison.Ordinal) && CSeqOfInvite().IsMatch(message))) return;
        var call = CallId().Match(message).Groups[1].Value;
        if (invite)
        {
            var line = Caller().Match(message).Groups[1].Value;
            if (_lines.TryAdd(call, line)) _times[line] = (now, default);
        }
        else if (_lines.TryRemove(call, out var line))
        {
            _times[line] = (_times[line].Invited, now);
        }
    }

    [GeneratedRegex(@"^CSeq:\s*\d+\s+INVITE", RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex CSeqOfInvite();

    [GeneratedRegex(@"^Call-ID:\s*(\S+)", RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex CallId();

    [GeneratedRegex(@"^From:.*?sip:([^@>]+)@", RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex Caller();
}
