using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Sockets;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Stands before a PostgreSQL server and hands on what is said, or, silent, takes connections and all that is sent and says nothing, as a frozen server does.</summary>
internal sealed class PostgresGate : IDisposable
{
    // Of the first message of a connection (PostgreSQL's protocol, "Message Formats": StartupMessage, version 3); one that asks that a statement be ended has another code.
    private const int Startup = 196608;
    private readonly string _folder = Directory.CreateTempSubdirectory("pg-gate").FullName;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly ConcurrentBag<Socket> _all = [];
    private readonly string _server;
    private volatile bool _silent;
    private volatile byte[]? _last;
    private int _unanswered;

    /// <param name="connection">How the server is connected to: by a socket in a folder.</param>
    public PostgresGate(string connection)
    {
        var folder = connection["Host=".Length..connection.IndexOf(';', StringComparison.Ordinal)];
        _server = SocketIn(folder);
        Connection = connection.Replace(folder, _folder, StringComparison.Ordinal) + ";SSL Mode=Disable;GSS Encryption Mode=Disable";
        _listener.Bind(new UnixDomainSocketEndPoint(SocketIn(_folder)));
        _listener.Listen();
        _ = AcceptAsync();
    }

    /// <summary>How the server is connected to through this.</summary>
    public string Connection { get; }

    /// <summary>Whether nothing is said any more.</summary>
    public bool Silent
    {
        set => _silent = value;
    }

    /// <summary>Says nothing any more from the moment on at which somebody says this.</summary>
    public void SilentAt(string said) => _last = System.Text.Encoding.ASCII.GetBytes(said);

    /// <summary>Sessions that were begun while nothing was said.</summary>
    public int Unanswered => Volatile.Read(ref _unanswered);

    public void Dispose()
    {
        _listener.Dispose();
        foreach (var socket in _all) socket.Dispose();
        Directory.Delete(_folder, true);
    }

    private static string SocketIn(string folder) => Path.Combine(folder, ".s.PGSQL.5432");

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        _all.Add(client);
        using var server = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _all.Add(server);
        try
        {
            await server.ConnectAsync(new UnixDomainSocketEndPoint(_server));
            await Task.WhenAny(HandOnAsync(client, server, begins: true), HandOnAsync(server, client, begins: false));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // One of the two is gone.
        }

        client.Dispose();
    }

    private async Task HandOnAsync(Socket from, Socket to, bool begins)
    {
        var buffer = new byte[1 << 16];
        while (await from.ReceiveAsync(buffer) is > 0 and var length)
        {
            if (begins && _silent && BinaryPrimitives.ReadInt32BigEndian(buffer.AsSpan(4)) == Startup) Interlocked.Increment(ref _unanswered);
            begins = false;
            if (_last is { } last && buffer.AsSpan(0, length).IndexOf(last) >= 0) (_silent, _last) = (true, null);
            if (!_silent) await to.SendAsync(buffer.AsMemory(0, length));
        }
    }
}
