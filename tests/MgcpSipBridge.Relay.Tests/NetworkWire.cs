using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace MgcpSipBridge.Relay.Tests;

/// <summary>
/// A pair of network cards that this process has made: one is here, the other in a network namespace that only one thread is in, so that packets between a relay here and ends
/// there come as from elsewhere. Both are gone with the process. Needs root, or what makes it so.
/// </summary>
public static class NetworkWire
{
    private const int NewNetwork = 0x40000000; // CLONE_NEWNET

    private static readonly byte[] Net = [198, 18, (byte)(Environment.ProcessId >> 6), (byte)(Environment.ProcessId << 2)]; // RFC 2544: nobody's
    private static readonly string Prefix6 = string.Create(CultureInfo.InvariantCulture, $"fd00:{Environment.ProcessId & 0xFFFF:x}::");
    private static readonly BlockingQueue Work = new();
    private static readonly Lazy<string?> Refusal = new(Lay);

    /// <summary>The address on this side. Skips the test where no card can be made.</summary>
    public static IPAddress IPv4 => Near(Here);

    /// <summary>The same of IPv6.</summary>
    public static IPAddress IPv6 => Near(Here6);

    private static IPAddress Here { get; } = new([Net[0], Net[1], Net[2], (byte)(Net[3] + 1)]);

    private static IPAddress There { get; } = new([Net[0], Net[1], Net[2], (byte)(Net[3] + 2)]);

    private static IPAddress Here6 { get; } = IPAddress.Parse(Prefix6 + "1");

    private static IPAddress There6 { get; } = IPAddress.Parse(Prefix6 + "2");

    /// <summary>A socket for an end of a relay at an address: on the other side of the wire, if it is at this one's.</summary>
    public static Socket Bind(IPAddress address, int port)
    {
        if (address.Equals(Here)) return Work.Do(() => New(There, port));
        return address.Equals(Here6) ? Work.Do(() => New(There6, port)) : New(address, port);
    }

    private static Socket New(IPAddress address, int port)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(address, port));
        return socket;
    }

    private static IPAddress Near(IPAddress address)
    {
        Assert.SkipWhen(Refusal.Value is not null, Refusal.Value ?? "");
        return address;
    }

    private static string? Lay()
    {
        if (!OperatingSystem.IsLinux()) return "network namespaces are Linux's";
        var id = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        var (near, far) = ("wn" + id, "wf" + id);
        string? refusal = null;
        using var ready = new ManualResetEventSlim();
        new Thread(() =>
        {
            // What this thread starts from now on is in its namespace, and so are its sockets.
            refusal = Unshare(NewNetwork) != 0
                ? "no network namespace can be made: it needs root"
                : Ip("link set lo up")
                    ?? Ip($"link add {far} type veth peer name {near} netns {id}")
                    ?? Ip($"address add {There}/30 dev {far}")
                    ?? Ip($"address add {There6}/64 dev {far} nodad")
                    ?? Ip($"link set {far} up");
            ready.Set();
            if (refusal is null) Work.Run();
        })
        { IsBackground = true, Name = "the other side of the wire" }.Start();
        ready.Wait();
        return refusal ?? Ip($"address add {Here}/30 dev {near}") ?? Ip($"address add {Here6}/64 dev {near} nodad") ?? Ip($"link set {near} up");
    }

    private static string? Ip(string arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
            var said = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : $"ip {arguments}: {said.Trim()}";
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return "iproute2: " + e.Message;
        }
    }

    [DllImport("libc", EntryPoint = "unshare")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Unshare(int flags);

    /// <summary>What one thread is to do for others.</summary>
    private sealed class BlockingQueue
    {
        private readonly System.Collections.Concurrent.BlockingCollection<Action> _work = [];

        public void Run()
        {
            foreach (var work in _work.GetConsumingEnumerable()) work();
        }

        public T Do<T>(Func<T> work)
        {
            var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
            _work.Add(() =>
            {
                try
                {
                    done.SetResult(work());
                }
                catch (SocketException e)
                {
                    done.SetException(e);
                }
            });
            return done.Task.GetAwaiter().GetResult();
        }
    }
}
