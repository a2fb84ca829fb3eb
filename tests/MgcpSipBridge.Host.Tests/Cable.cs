using System.Net;
using System.Net.Sockets;

namespace MgcpSipBridge.Host.Tests;

/// <summary>A way to a bridge that can be cut, and be laid to another one: to whoever is at its end, a bridge that is restarted.</summary>
internal sealed class Cable : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<TcpClient> _open = [];
    private readonly Lock _gate = new();
    private readonly Task _accepting;
    private IPEndPoint? _to;

    public Cable(string bridge)
    {
        Lay(bridge);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where it begins.</summary>
    public string Address => $"http://{_listener.LocalEndpoint}";

    /// <summary>Breaks all connections, and takes no more.</summary>
    public void Cut()
    {
        lock (_gate)
        {
            _to = null;
            foreach (var client in _open) client.Dispose();
            _open.Clear();
        }
    }

    /// <summary>Leads to a bridge.</summary>
    public void Lay(string bridge)
    {
        lock (_gate) _to = IPEndPoint.Parse(new Uri(bridge).Authority);
    }

    public async ValueTask DisposeAsync()
    {
        Cut();
        _listener.Stop();
        await _accepting;
    }

    private static async Task PassAsync(TcpClient from, TcpClient to)
    {
        try
        {
            await from.GetStream().CopyToAsync(to.GetStream());
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Cut.
        }

        from.Dispose();
        to.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var near = await _listener.AcceptTcpClientAsync();
                var far = new TcpClient();
                lock (_gate)
                {
                    _open.AddRange([near, far]);
                    if (_to is null) near.Dispose();
                    else
                        try
                        {
                            far.Connect(_to);
                        }
                        catch (SocketException)
                        {
                            near.Dispose();
                        }
                }

                if (!far.Connected) continue;
                _ = PassAsync(near, far);
                _ = PassAsync(far, near);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }
}
