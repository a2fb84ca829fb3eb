using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace MgcpSipBridge.Interop;

/// <summary>A program of the operating system that a test needs, run as a child and ended with the test.</summary>
internal sealed class ExternalProgram : IAsyncDisposable
{
    private readonly string _name;
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _said = new();
    private bool _disposed;

    private ExternalProgram(string name, Process process)
    {
        _name = name;
        _process = process;
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>What it wrote to standard output and error so far.</summary>
    public string Said => string.Join('\n', _said);

    public IEnumerable<string> Lines => _said;

    public bool HasExited => _process.HasExited;

    /// <summary>Skips the test, naming the Debian package, when the program is not installed; fails it when CI says that peers are required.</summary>
    public static void Require(string program, string package)
    {
        if (Find(program) is not null) return;
        var why = $"needs Debian package {package} ({program} was not found)";
        Assert.False(Environment.GetEnvironmentVariable("MGCPSIP_REQUIRE_PEERS") == "1", why);
        Assert.Skip(why);
    }

    /// <summary>Starts it. Whatever becomes of the tests, it ends by itself after twenty minutes, longer than all of them take.</summary>
    public static ExternalProgram Start(string program, string folder, params IEnumerable<string> arguments)
    {
        string[] command = [Find(program) ?? program, .. arguments];
        if (Find("timeout") is { } guard) command = [guard, "1200", .. command];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = folder,
        };
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return new ExternalProgram(program, process);
    }

    /// <summary>Waits for it to end by itself.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> Exit(TimeSpan limit)
    {
        try
        {
            await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(limit, TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{_name} did not end within {limit.TotalSeconds} s.\n{Said}");
        }

        return _process.ExitCode;
    }

    /// <summary>Waits for a line that begins so.</summary>
    public async Task<string> Line(string beginning, TimeSpan limit)
    {
        var deadline = Stopwatch.StartNew();
        while (true)
        {
            if (_said.FirstOrDefault(l => l.StartsWith(beginning, StringComparison.Ordinal)) is { } line) return line;
            Assert.False(_process.HasExited, $"{_name} ended before it said `{beginning}`:\n{Said}");
            if (deadline.Elapsed > limit) throw new TimeoutException($"{_name} did not say `{beginning}` within {limit.TotalSeconds} s:\n{Said}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Asks it to end, as an operator would (SIGTERM), and waits.</summary>
    public async Task<int> Terminate(TimeSpan limit)
    {
        using (var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync();
        return await Exit(limit);
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        // Its ports are free when the last of its processes is gone.
        var all = Descendants();
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        for (var watch = Stopwatch.StartNew(); all.Exists(Lives) && watch.Elapsed < Bench.Patience;) await Task.Delay(5);
    }

    /// <summary>The processes that hang on it, children before their own.</summary>
    public List<int> Descendants()
    {
        List<int> found = [];
        if (!_process.HasExited) Add(_process.Id);
        return found;

        void Add(int parent)
        {
            foreach (var child in Read($"/proc/{parent}/task/{parent}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(id => int.Parse(id, CultureInfo.InvariantCulture)))
            {
                found.Add(child);
                Add(child);
            }
        }
    }

    // One that nobody has waited for yet (Z) holds nothing any more.
    private static bool Lives(int process) => Read($"/proc/{process}/stat") is { Length: > 0 } stat && stat[stat.LastIndexOf(')')..] is [_, _, not ('Z' or 'X'), ..];

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static string? Find(string program)
    {
        if (Path.IsPathRooted(program)) return File.Exists(program) ? program : null;
        // Daemons live in sbin, which a user's path may lack.
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Concat(["/usr/sbin", "/usr/local/sbin"]);
        return folders.Where(f => f.Length > 0).Select(f => Path.Combine(f, program)).FirstOrDefault(File.Exists);
    }

    private void Keep(object sender, DataReceivedEventArgs e)
    {
        if (e.Data is { } line) _said.Enqueue(line);
    }
}
