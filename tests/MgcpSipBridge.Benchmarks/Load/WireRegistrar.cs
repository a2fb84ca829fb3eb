using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MgcpSipBridge.Benchmarks.Load;

/// <summary>The least of a PBX: a registrar that believes everybody, and a phone that answers every call at once and says when it is hung up on.</summary>
internal sealed class WireRegistrar : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly ConcurrentDictionary<string, bool> _registered = new();
    private readonly ConcurrentDictionary<string, bool> _transactions = new();
    private readonly IPAddress _address;
    private readonly int _lifetime;
    private int _registers, _byes, _answered, _repeats;

    /// <param name="address">Where it is.</param>
    /// <param name="lifetime">Seconds that it grants.</param>
    public WireRegistrar(IPAddress address, int lifetime = 3600)
    {
        (_address, _lifetime) = (address, lifetime);
        _socket.ReceiveBufferSize = 8_000_000;
        _socket.Bind(new IPEndPoint(address, 5060));
        new Thread(Receive) { IsBackground = true }.Start();
    }

    /// <summary>Accounts registered now.</summary>
    public int Registered => _registered.Count;

    /// <summary>REGISTERs received, repeats not counted, and repeats of any request.</summary>
    public (int Registers, int Repeats) Registers => (_registers, _repeats);

    /// <summary>The first BYE that came; null for none.</summary>
    public string? FirstBye { get; private set; }

    /// <summary>Calls answered, and BYEs received.</summary>
    public (int Answered, int Byes) Calls => (_answered, _byes);

    public void Dispose() => _socket.Dispose();

    private void Receive()
    {
        var buffer = new byte[65_536];
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        try
        {
            while (true)
            {
                var length = _socket.ReceiveFrom(buffer, ref from);
                if (Answer(Encoding.UTF8.GetString(buffer, 0, length)) is { } answer) _socket.SendTo(Encoding.UTF8.GetBytes(answer), from);
            }
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException)
        {
            // The run is over.
        }
    }

    private string? Answer(string request)
    {
        var lines = request.Split("\r\n");
        var method = lines[0][..Math.Max(0, lines[0].IndexOf(' ', StringComparison.Ordinal))];
        var body = "";
        var extra = "";
        var isNew = _transactions.TryAdd(Header("Via"), true);
        if (!isNew) _repeats++;
        switch (method)
        {
            case "REGISTER":
                if (isNew) _registers++;
                var account = Header("To");
                var leaves = Header("Expires").EndsWith(": 0", StringComparison.Ordinal) || Header("Contact").Contains("expires=0", StringComparison.Ordinal);
                if (leaves) _registered.TryRemove(account, out _);
                else _registered[account] = true;
                extra = leaves ? "" : Header("Contact").Split(";expires")[0] + $";expires={_lifetime}\r\n";
                break;
            case "INVITE":
                if (isNew) _answered++;
                body = $"v=0\r\no=- 1 1 IN IP4 {_address}\r\ns=-\r\nc=IN IP4 {_address}\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n";
                extra = $"Contact: <sip:{_address}:5060>\r\nContent-Type: application/sdp\r\n";
                break;
            case "BYE":
                if (isNew) _byes++;
                FirstBye ??= request;
                break;
            case "OPTIONS" or "CANCEL":
                break;
            default:
                return null;
        }

        var head = string.Concat(lines.Where(static l =>
            l.StartsWith("Via:", StringComparison.Ordinal) || l.StartsWith("From:", StringComparison.Ordinal) || l.StartsWith("Call-ID:", StringComparison.Ordinal)
            || l.StartsWith("CSeq:", StringComparison.Ordinal)).Select(static l => l + "\r\n"));
        var to = Header("To");
        return $"SIP/2.0 200 OK\r\n{head}{to}{(to.Contains(";tag=", StringComparison.Ordinal) ? "" : ";tag=load")}\r\n{extra}Content-Length: {body.Length}\r\n\r\n{body}";

        string Header(string name) => Array.Find(lines, l => l.StartsWith(name + ":", StringComparison.Ordinal)) ?? "";
    }
}
