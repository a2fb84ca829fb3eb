using System.Diagnostics;

namespace MgcpSipBridge.Benchmarks.Load;

/// <summary>A child process that ends with us; what it says is dropped but for its first `ready` line.</summary>
internal class LoadProcess : IDisposable
{
    private readonly Process _process;
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    protected LoadProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, e) =>
        {
            if (e.Data?.StartsWith("ready", StringComparison.Ordinal) == true) _ready.TrySetResult(e.Data);
        };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Resident memory in bytes, now.</summary>
    public long Memory
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Resident memory in bytes, at most so far.</summary>
    public long PeakMemory
    {
        get
        {
            _process.Refresh();
            return _process.PeakWorkingSet64;
        }
    }

    protected Task<string> Ready => ReadyWithin(TimeSpan.FromSeconds(90));

    protected Task<string> ReadyWithin(TimeSpan patience) => _ready.Task.WaitAsync(patience);

    public static LoadProcess Start(string program, string folder, params string[] arguments) => new(Launch(program, folder, arguments));

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    protected static Process Launch(string program, string folder, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // It sees by its end when we are gone.
            RedirectStandardInput = true,
            WorkingDirectory = folder,
        })!;
}
