using System.Runtime.InteropServices;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Net;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Serving;
using MgcpSipBridge.Host.Storage;

namespace MgcpSipBridge.Host.Verbs;

/// <summary><c>serve</c>: runs the bridge until SIGTERM or SIGINT, then drains it. A second signal hangs everything up at once. SIGHUP reads the files again.</summary>
internal static class ServeVerb
{
    /// <summary>Runs; the exit code.</summary>
    /// <param name="load">Loads what the bridge is started with, and, given the settings in force, what it is to go on with.</param>
    /// <param name="output">Standard output.</param>
    /// <param name="errors">Standard error.</param>
    public static async Task<int> RunAsync(Func<BridgeModel?, LoadedConfig> load, TextWriter output, TextWriter errors)
    {
        var loaded = load(null);
        if (loaded.Bridge is not { } model || loaded.Lines is not { } lines)
        {
            foreach (var problem in loaded.Problems) await errors.WriteLineAsync(problem.ToString());
            return ExitCodes.Configuration;
        }

        var unmade = new List<string>();
        CdrSettings.MakeDirectories(model.Config.Cdr, (setting, message) => unmade.Add($"{setting}: {message}"));
        foreach (var problem in unmade) await errors.WriteLineAsync(problem);
        if (unmade.Count > 0) return ExitCodes.Configuration;

        using var store = Stores.Of(model.Config);
        Provisioned provisioned;
        try
        {
            var problems = new ConfigProblems();
            (var all, provisioned) = Provisioner.Start(loaded.Declared, store, model.Validate, problems, lines);
            if (all is null)
            {
                foreach (var problem in problems.Items) await errors.WriteLineAsync(problem.ToString());
                return ExitCodes.Configuration;
            }

            lines = all;
        }
        catch (StoreException e)
        {
            // Half of what was provisioned would be worse than none of it; the storage knows no more, not even what it kept when it was last seen.
            await errors.WriteLineAsync(e.Message);
            return ExitCodes.Failure;
        }

        var levels = new LogLevels(model.Config.Logging.LogLevel);
        using var logs = BridgeLogging.Create(model.Config.Logging, levels);
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var hurry = new CancellationTokenSource();
        void OnSignal(PosixSignalContext signal)
        {
            signal.Cancel = true;
            if (!stop.TrySetResult()) hurry.Cancel();
        }

        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        BridgeServer server;
        try
        {
            server = await BridgeServer.StartAsync(model, lines, BridgeServer.MakeEngine, RelayAdapter.Maker(model, logs), logs, provisioned, store);
        }
        catch (Exception e) when (e is BindException or StoreException or PlatformNotSupportedException)
        {
            await errors.WriteLineAsync(e.Message);
            return ExitCodes.Failure;
        }

        await using (server)
        {
            await using var systemd = new SystemdWatch();
            server.Reloads(() => load(model), levels);
            using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
            {
                // The default would end the process.
                signal.Cancel = true;
                _ = Task.Run(server.ReloadAsync);
            });
            // Last: whoever reads it may send any signal.
            await output.WriteLineAsync(server.ReadyLine);
            await output.FlushAsync();
            systemd.Ready(server.Queries);
            await stop.Task;
            systemd.Stopping(model.Drain + model.Stop);
            await server.DrainAsync(hurry.Token);
        }

        return ExitCodes.Success;
    }
}
