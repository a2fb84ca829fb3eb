using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MgcpSipBridge.Benchmarks.Load;

/// <summary>
/// A scripted gateway on a loopback address of its own: answers every command at once, and notes when each line is asked to watch its hook and when dial tone is
/// asked for. Cheap, so that a thousand of them leave the machine to the bridge.
/// </summary>
internal sealed class WireGateway : IDisposable
{
    private readonly Socket _socket;
    private readonly string _domain;
    private readonly EndPoint _callAgent;
    private readonly long[] _watchedAt;
    private readonly TaskCompletionSource<long>?[] _toneWanted;
    private readonly bool[] _offHook;
    private int _transaction;

    public WireGateway(string domain, IPAddress address, int lines, EndPoint callAgent)
    {
        (_domain, _callAgent) = (domain, callAgent);
        _watchedAt = new long[lines + 1];
        _toneWanted = new TaskCompletionSource<long>?[lines + 1];
        _offHook = new bool[lines + 1];
        _socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        _socket.Bind(new IPEndPoint(address, 2427));
        _ = Receive();
    }

    /// <summary>Deletions of connections that the bridge asked for.</summary>
    public int Deletions { get; private set; }

    /// <summary>Connections that stand.</summary>
    public int Connections { get; private set; }

    /// <summary>Lines that were asked to watch the hook since a moment.</summary>
    public int WatchedSince(long moment) => _watchedAt.Count(at => at >= moment && at != 0);

    /// <summary>When the last line was asked to watch its hook; 0 for never.</summary>
    public long LastWatched => _watchedAt.Max();

    /// <summary>All lines at once.</summary>
    public void Restart() => Send($"RSIP {++_transaction} *@{_domain} MGCP 1.0\r\nRM: restart\r\n");

    /// <summary>Lifts a handset; gives the time until dial tone is asked for.</summary>
    public async Task<TimeSpan?> Lift(int line, TimeSpan patience)
    {
        var wanted = _toneWanted[line] = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        _offHook[line] = true;
        var start = Stopwatch.GetTimestamp();
        Notify(line, "L/hd");
        var answered = await Task.WhenAny(wanted.Task, Task.Delay(patience));
        return answered == wanted.Task ? Stopwatch.GetElapsedTime(start, await wanted.Task) : null;
    }

    public void HangUp(int line)
    {
        _offHook[line] = false;
        Notify(line, "L/hu");
    }

    public void Dial(int line, string digits) => Notify(line, string.Join(',', digits.Select(static d => $"D/{d}")));

    public void Dispose() => _socket.Dispose();

    private void Notify(int line, string events) => Send($"NTFY {++_transaction} aaln/{line}@{_domain} MGCP 1.0\r\nX: 0\r\nO: {events}\r\n");

    private void Send(string text) => _socket.SendTo(Encoding.ASCII.GetBytes(text), _callAgent);

    private async Task Receive()
    {
        var buffer = new byte[4096];
        try
        {
            while (true)
            {
                var length = await _socket.ReceiveAsync(buffer, SocketFlags.None);
                Read(Encoding.ASCII.GetString(buffer, 0, length));
            }
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException)
        {
            // The run is over.
        }
    }

    private void Read(string datagram)
    {
        var arrived = Stopwatch.GetTimestamp();
        foreach (var message in datagram.Contains("\n.\r\n", StringComparison.Ordinal) ? datagram.Split("\n.\r\n") : [datagram])
        {
            if (message.Length < 5 || !char.IsAsciiLetterUpper(message[0])) continue;
            var words = message[..message.IndexOf('\n', StringComparison.Ordinal)].Split(' ');
            var slash = words[2].IndexOf('/', StringComparison.Ordinal) + 1;
            var line = int.TryParse(words[2].AsSpan(slash, Math.Max(0, words[2].IndexOf('@', StringComparison.Ordinal) - slash)), out var number) ? number : 0;
            Send(Answer(words[0], words[1], line));
            if (line >= _watchedAt.Length) continue;
            if (message.Contains("L/hd(N)", StringComparison.Ordinal)) _watchedAt[line] = arrived;
            if (message.Contains("L/dl", StringComparison.Ordinal)) _toneWanted[line]?.TrySetResult(arrived);
        }
    }

    private string Answer(string verb, string id, int line)
    {
        switch (verb)
        {
            case "AUEP":
                return $"200 {id} OK\r\nA: a:PCMU;PCMA, v:L;D;G\r\nES: {(line < _offHook.Length && _offHook[line] ? "L/hd" : "L/hu")}\r\nI:\r\n";
            case "CRCX":
                Connections++;
                return $"200 {id} OK\r\nI: {line + 16:X}\r\n\r\nv=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {4000 + (2 * line)} RTP/AVP 0\r\n";
            case "DLCX":
                Deletions++;
                Connections = Math.Max(0, Connections - 1);
                return $"250 {id} OK\r\n";
            default:
                return $"200 {id} OK\r\n";
        }
    }
}
