using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MgcpSipBridge.Host.Tests;

/// <summary>
/// A gateway written by hand from RFC 3435, on a socket of its own: it obeys every command with a plain answer, and says what a test tells it to.
/// </summary>
internal sealed class ScriptedGateway : IAsyncDisposable
{
    private readonly UdpClient _socket;
    private readonly IPEndPoint _callAgent;
    private readonly string _domain;
    private readonly string[] _endpoints;
    private readonly ConcurrentDictionary<string, TaskCompletionSource<string>> _asked = new();
    private readonly ConcurrentDictionary<string, bool> _offHook = new();
    private readonly Task _loop;
    // A gateway that comes back must not use its transaction ids again (RFC 3435 §3.5.1): they would be taken for repeats.
    private static int LastTransaction = 1000;

    public ScriptedGateway(string domain, IPEndPoint callAgent, params string[] endpoints)
    {
        (_domain, _callAgent, _endpoints) = (domain, callAgent, endpoints);
        var any = callAgent.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback;
        _socket = new UdpClient(new IPEndPoint(any, 0));
        _loop = Task.Run(ObeyAsync);
    }

    public IPEndPoint Address => (IPEndPoint)_socket.Client.LocalEndPoint!;

    /// <summary>Commands of the call agent, as they came.</summary>
    public ConcurrentQueue<string> Heard { get; } = new();

    /// <summary>Where its datagrams came from.</summary>
    public ConcurrentQueue<IPEndPoint> HeardFrom { get; } = new();

    /// <summary>Commands an endpoint of the call agent, again and again until it is answered, as gateways do (RFC 3435 §3.5.1); the answer's first line.</summary>
    public async Task<string> CommandAsync(string verb, string endpoint, string parameters)
    {
        var id = Say(verb, endpoint, parameters);
        for (var tries = 0; ; tries++)
        {
            try
            {
                return await _asked[id].Task.WaitAsync(TimeSpan.FromSeconds(3), Patience.Token);
            }
            catch (TimeoutException) when (tries < 20)
            {
                Send(id, verb, endpoint, parameters);
            }
        }
    }

    /// <summary>Sends a command and waits for nothing; its transaction id.</summary>
    public string Say(string verb, string endpoint, string parameters)
    {
        var id = Interlocked.Increment(ref LastTransaction).ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (parameters.Contains("L/hd", StringComparison.Ordinal)) _offHook[endpoint] = true;
        _asked[id] = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        Send(id, verb, endpoint, parameters);
        return id;
    }

    private void Send(string id, string verb, string endpoint, string parameters) =>
        _socket.Send(Encoding.ASCII.GetBytes($"{verb} {id} {endpoint}@{_domain} MGCP 1.0\r\n{parameters}\r\n"), _callAgent);

    /// <summary>A phone goes on hook, and nobody is told.</summary>
    public void HangUp(string endpoint) => _offHook.TryRemove(endpoint, out _);

    public Task<string> RestartAsync(string endpoint, string method) => CommandAsync("RSIP", endpoint, "RM: " + method);

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _loop;
    }

    private async Task ObeyAsync()
    {
        try
        {
            while (true) await ObeyAsync(await _socket.ReceiveAsync());
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException)
        {
            // Disposed, perhaps in the midst of an answer.
        }
    }

    private async Task ObeyAsync(UdpReceiveResult datagram)
    {
        HeardFrom.Enqueue(datagram.RemoteEndPoint);
        foreach (var message in Encoding.ASCII.GetString(datagram.Buffer).Split("\r\n.\r\n"))
        {
            var words = message.Split("\r\n")[0].Split(' ');
            if (char.IsAsciiDigit(words[0][0]))
            {
                if (words[0][0] != '1' && _asked.TryGetValue(words[1], out var waiting)) waiting.TrySetResult(message.Split("\r\n")[0]);
                continue;
            }

            Heard.Enqueue(message);
            await _socket.SendAsync(Encoding.ASCII.GetBytes(Answer(words[0], words[1], words[2], message)), datagram.RemoteEndPoint);
        }
    }

    private string Answer(string verb, string id, string endpoint, string message) => verb switch
    {
        "AUEP" when endpoint.StartsWith('*') => $"200 {id} OK\r\n{string.Concat(_endpoints.Select(e => $"Z: {e}@{_domain}\r\n"))}",
        "AUEP" when !_endpoints.Contains(endpoint.Split('@')[0]) => $"500 {id} Unknown endpoint\r\n",
        "AUEP" when message.Contains("\r\nF:", StringComparison.Ordinal) => $"200 {id} OK\r\nA: a:PCMU;PCMA, p:10-30, v:L;D;G, m:sendrecv;recvonly;inactive\r\nES: L/{(_offHook.ContainsKey(endpoint.Split('@')[0]) ? "hd" : "hu")}\r\n",
        "CRCX" => $"200 {id} OK\r\nI: {id}\r\n\r\nv=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n",
        "DLCX" => $"250 {id} OK\r\n",
        _ => $"200 {id} OK\r\n",
    };
}

/// <summary>A registrar that takes everybody, and remembers who is registered.</summary>
internal sealed class TinyRegistrar : IAsyncDisposable
{
    private readonly UdpClient _socket = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly Task _loop;

    public TinyRegistrar() => _loop = Task.Run(ServeAsync);

    public IPEndPoint Address => (IPEndPoint)_socket.Client.LocalEndPoint!;

    /// <summary>Users and whether their last REGISTER asked to stay (Expires above 0).</summary>
    public ConcurrentDictionary<string, bool> Users { get; } = new();

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _loop;
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            UdpReceiveResult datagram;
            try
            {
                datagram = await _socket.ReceiveAsync();
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException)
            {
                return;
            }

            var lines = Encoding.UTF8.GetString(datagram.Buffer).Split("\r\n");
            if (!lines[0].StartsWith("REGISTER ", StringComparison.Ordinal)) continue;
            string Header(string name) => lines.First(l => l.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase));
            var stays = !lines.Any(l => l.Replace(" ", "", StringComparison.Ordinal) is "Expires:0" || l.EndsWith(";expires=0", StringComparison.Ordinal));
            Users[Header("To").Split("sip:")[1].Split('@')[0]] = stays;
            var answer = $"SIP/2.0 200 OK\r\n{Header("Via")}\r\n{Header("From")}\r\n{Header("To")};tag=r\r\n{Header("Call-ID")}\r\n{Header("CSeq")}\r\n"
                + (stays ? $"{Header("Contact")}\r\nExpires: 3600\r\n" : "") + "Content-Length: 0\r\n\r\n";
            await _socket.SendAsync(Encoding.UTF8.GetBytes(answer), datagram.RemoteEndPoint);
        }
    }
}
