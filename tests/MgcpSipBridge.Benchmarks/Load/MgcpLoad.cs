using System.Diagnostics;
using System.Globalization;
using System.Text;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Benchmarks.Load;

/// <summary>What the call agent costs by the message and by the line, and what a restart of a thousand gateways does to it. One core, no sockets.</summary>
internal static class MgcpLoad
{
    public const int LinesPerGateway = 24;

    public static void Run()
    {
        ReadCorpus();
        LineLoad.Run();
        Soak();
        Avalanche(1000);
    }

    /// <summary>Reading and writing the messages that real devices sent.</summary>
    private static void ReadCorpus()
    {
        var samples = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "corpus", "mgcp"), "*.mgcp").Order(StringComparer.Ordinal).Select(File.ReadAllBytes).ToArray();
        var writer = new MgcpWriter();
        var (ns, bytes) = Measure(samples.Length, 20_000, () =>
        {
            foreach (var sample in samples) Read(sample);
        });
        Print($"read a message of the corpus ({samples.Length} samples, {samples.Average(static s => s.Length):0} bytes each): {ns:0} ns, {bytes:0.0} bytes allocated");
        var (both, allocated) = Measure(samples.Length, 20_000, () =>
        {
            foreach (var sample in samples) Write(writer, sample);
        });
        Print($"read and write one: {both:0} ns, so writing takes {both - ns:0} ns; {allocated:0.0} bytes allocated");
    }

    private static int Read(ReadOnlySpan<byte> sample)
    {
        var found = 0;
        if (MgcpDatagram.KindOf(sample) == MgcpMessageKind.Command)
        {
            if (MgcpCommand.TryParse(sample, out var command) != MgcpParseError.None) return 0;
            var events = new ObservedEventsReader(command.Parameters[MgcpParameter.ObservedEvents]);
            while (events.TryNext(out _, out _)) found++;
            return found + command.Body.Length;
        }

        return MgcpResponse.TryParse(sample, out var response) == MgcpParseError.None ? response.Body.Length : 0;
    }

    private static void Write(MgcpWriter writer, ReadOnlySpan<byte> sample)
    {
        writer.Clear();
        if (MgcpDatagram.KindOf(sample) == MgcpMessageKind.Command)
        {
            if (MgcpCommand.TryParse(sample, out var command) != MgcpParseError.None) return;
            writer.Command(command.Verb, command.TransactionId ?? 1, "aaln/1", "gw1.example.net", "MGCP 1.0");
            foreach (var line in command.Parameters) writer.Begin(line.Parameter == MgcpParameter.Extension ? MgcpParameter.NotifiedEntity : line.Parameter).Bytes(line.Value).EndLine();
            writer.Body(command.Body);
        }
        else if (MgcpResponse.TryParse(sample, out var response) == MgcpParseError.None)
        {
            writer.Response(response.Code, response.TransactionId, "OK");
            foreach (var line in response.Parameters) writer.Begin(line.Parameter == MgcpParameter.Extension ? MgcpParameter.NotifiedEntity : line.Parameter).Bytes(line.Value).EndLine();
            writer.Body(response.Body);
        }
    }

    /// <summary>A day of a thousand lines, in virtual time: four calls an hour and line, and every hour a gateway restarts. Nothing may be left of it.</summary>
    private static void Soak()
    {
        const int Gateways = 42;
        var world = new ScriptedGateways(Gateways, LinesPerGateway, TimeSpan.FromMilliseconds(20));
        world.BringUp(TimeSpan.FromHours(1));
        var tid = 1;
        // The first hour fills what is filled once, such as queues that grow to their usual size.
        Hours(1);
        var before = Memory();
        var (calls, messages, watch) = (tid, world.Messages, Stopwatch.StartNew());
        Hours(24);
        var after = Memory();
        Print($"a day of {Gateways * LinesPerGateway} lines, {(tid - calls) / 2} calls and {world.Messages - messages} messages in {watch.Elapsed.TotalSeconds:0} s: {before / 1e6:0.00} MB before, {after / 1e6:0.00} MB after");
        GC.KeepAlive(world);

        void Hours(int hours)
        {
            for (var hour = 0; hour < hours; hour++)
            {
                var gateway = hour % Gateways;
                world.Deliver(Encoding.ASCII.GetBytes($"RSIP {tid++} *@gw{gateway}.example.net MGCP 1.0\r\nRM: restart\r\n"), ScriptedGateways.AddressOf(gateway));
                // A call begins every nine tenths of a second; so each line has four an hour.
                for (var call = 0; call < 4000; call++) Call();
            }

            // Answers are forgotten, audits are done.
            world.Pass(TimeSpan.FromMinutes(5));
        }

        void Call()
        {
            var line = (int)((uint)(tid * 2654435761u) % (Gateways * LinesPerGateway));
            var (gateway, endpoint) = (line / LinesPerGateway, new EndpointId($"gw{line / LinesPerGateway}", $"aaln/{(line % LinesPerGateway) + 1}"));
            var name = tid.ToString("X", CultureInfo.InvariantCulture);
            Notify("L/hd");
            world.Agent.CreateConnection(endpoint, new ConnectionRequest(name, ConnectionMode.RecvOnly), world.Now);
            world.Pass(TimeSpan.FromMilliseconds(300));
            world.Agent.ModifyConnection(endpoint, "1F", new ConnectionRequest(name, ConnectionMode.SendRecv), world.Now);
            world.Pass(TimeSpan.FromMilliseconds(300));
            world.Agent.DeleteConnection(endpoint, name, "1F", null, world.Now);
            Notify("L/hu");
            world.Pass(TimeSpan.FromMilliseconds(300));

            void Notify(string happened) => world.Deliver(
                Encoding.ASCII.GetBytes($"NTFY {tid++} {endpoint.LocalName}@{endpoint.Gateway}.example.net MGCP 1.0\r\nX: 1\r\nO: {happened}\r\n"),
                ScriptedGateways.AddressOf(gateway));
        }
    }

    /// <summary>All gateways restart within one second; one line elsewhere goes on being served.</summary>
    private static void Avalanche(int gateways)
    {
        var world = new ScriptedGateways(gateways, LinesPerGateway, TimeSpan.FromMilliseconds(20));
        var elsewhere = NetAddress.FromIPv4(0x0A000015, 2427);
        world.Agent.SetGateway(new MgcpGatewayModel("quiet", "quiet.example.net", elsewhere, MgcpProfile.Auto, ["aaln/1"]), world.Now);
        world.BringUp(TimeSpan.FromMinutes(10));
        world.Pass(TimeSpan.FromMinutes(2));
        List<double> waits = [];
        var asked = 0L;
        var tid = 1;
        world.Watch = (_, to) =>
        {
            if (to == elsewhere) waits.Add(Stopwatch.GetElapsedTime(asked).TotalMicroseconds);
        };
        void DialElsewhere()
        {
            asked = Stopwatch.GetTimestamp();
            world.Deliver(Encoding.ASCII.GetBytes($"NTFY {tid++} aaln/1@quiet.example.net MGCP 1.0\r\nX: 1\r\nO: L/hd\r\n"), elsewhere);
        }

        for (var i = 0; i < 4000; i++)
        {
            world.Pass(TimeSpan.FromMilliseconds(30));
            DialElsewhere();
        }

        var before = Percentiles(waits);
        waits.Clear();
        world.InService = 0;
        var quiet = Memory();
        var most = quiet;
        var messages = world.Messages;
        var start = world.Now;
        for (var g = 0; g < gateways; g++)
        {
            world.Post(
                Encoding.ASCII.GetBytes($"RSIP {g + 1} *@gw{g}.example.net MGCP 1.0\r\nRM: restart\r\n"), ScriptedGateways.AddressOf(g),
                start + (TimeSpan.FromSeconds(1) * g / gateways));
        }

        var watch = Stopwatch.StartNew();
        while (world.InService < gateways * LinesPerGateway && world.Now - start < TimeSpan.FromMinutes(10))
        {
            world.Pass(TimeSpan.FromMilliseconds(30));
            DialElsewhere();
            // Rarely: a collection makes the dial tone after it slow.
            if (tid % 500 == 0) most = Math.Max(most, Memory());
        }

        var (median, high) = Percentiles(waits);
        Print($"{gateways} gateways with {LinesPerGateway} lines restart within a second: in service after {(world.Now - start).TotalSeconds:0.0} s of their time, {world.Messages - messages} messages");
        Print($"  memory at most {(most - quiet) / 1e6:0.0} MB above quiet ({quiet / 1e6:0.0} MB); {watch.Elapsed.TotalSeconds:0.0} s of one core with these measurements");
        Print($"  a dial tone elsewhere costs {median:0.0} us, p99 {high:0.0} us; when all is quiet {before.Median:0.0} us, p99 {before.High:0.0} us");
    }

    private static (double Median, double High) Percentiles(List<double> values)
    {
        values.Sort();
        return (values[values.Count / 2], values[values.Count * 99 / 100]);
    }

    private static (double Nanoseconds, double Bytes) Measure(int messages, int rounds, Action action)
    {
        for (var i = 0; i < 1000; i++) action();
        var best = double.PositiveInfinity;
        var bytes = GC.GetAllocatedBytesForCurrentThread();
        for (var part = 0; part < 10; part++)
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < rounds / 10; i++) action();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds / (rounds / 10));
        }

        bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
        return (best / messages, bytes / (double)rounds / messages);
    }

    /// <summary>Bytes alive on the managed heap.</summary>
    public static long Memory()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    public static void Print(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
