extern alias cli;

using cli::MgcpSipBridge.Cli;

namespace MgcpSipBridge.Host.Tests;

/// <summary>A command of mgcpsipctl that goes on.</summary>
internal sealed class GoingCommand : IDisposable
{
    private readonly StringWriter _said = new();
    private readonly StringWriter _errors = new();
    private readonly TextWriter _safe;
    private readonly TextWriter _safeErrors;
    private readonly CancellationTokenSource _interrupt = CancellationTokenSource.CreateLinkedTokenSource(Patience.Token);

    public GoingCommand(string server, params string[] words)
    {
        (_safe, _safeErrors) = (TextWriter.Synchronized(_said), TextWriter.Synchronized(_errors));
        Ended = Commands.RunUntilAsync([.. words, "--server", server], Stream.Null, _safe, _safeErrors, _interrupt.Token);
    }

    /// <summary>What it ends with.</summary>
    public Task<int> Ended { get; }

    /// <summary>Standard output.</summary>
    public string Said
    {
        get
        {
            // What a synchronized writer locks is itself.
            lock (_safe) return _said.ToString();
        }
    }

    /// <summary>Standard error.</summary>
    public string Errors
    {
        get
        {
            lock (_safeErrors) return _errors.ToString();
        }
    }

    public Task UntilAsync(string text) => UntilAsync(text, () => Said);

    public Task UntilToldAsync(string text) => UntilAsync(text, () => Errors);

    /// <summary>Fails when the command ends.</summary>
    public async Task FailsAsync()
    {
        var code = await Ended;
        throw new InvalidOperationException($"ended with {code}: {Said}{Errors}");
    }

    public Task InterruptAsync() => _interrupt.CancelAsync();

    public void Dispose()
    {
        _interrupt.Dispose();
        _said.Dispose();
        _errors.Dispose();
    }

    private Task UntilAsync(string text, Func<string> where) => Patience.UntilAsync($"\"{text}\" is told", () =>
        where().Contains(text, StringComparison.Ordinal) || (Ended.IsCompleted ? throw new InvalidOperationException($"ended with {Said}{Errors}") : false));
}
