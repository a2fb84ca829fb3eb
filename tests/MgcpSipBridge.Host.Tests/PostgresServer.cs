using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace MgcpSipBridge.Host.Tests;

/// <summary>A PostgreSQL server of a test's own, in a folder that goes with it, on a socket there alone.</summary>
public sealed class PostgresServer : IDisposable
{
    private const string Programs = "/usr/lib/postgresql/15/bin";
    private static readonly bool Root = Environment.UserName == "root";
    private readonly string _folder;
    private int _databases;

    public PostgresServer()
    {
        if (!File.Exists(Programs + "/initdb"))
        {
            _folder = "";
            return;
        }

        // Not in TMPDIR, which may be too long for a socket's path; and initdb refuses root.
        _folder = Run("mktemp", "-d", "/tmp/mgcp-sip-bridge-pg.XXXXXX").Trim();
        Run(Programs + "/initdb", "-D", Data, "-A", "trust", "-U", "bridge", "-E", "UTF8", "--locale=C", "--no-sync");
        File.AppendAllText(Path.Combine(Data, "postgresql.conf"), $"\nlisten_addresses = ''\nunix_socket_directories = '{_folder}'\nfsync = off\nshared_buffers = 16MB\nmax_connections = 40\n");
        Start();
    }

    private string Data => Path.Combine(_folder, "data");

    /// <summary>The process that all others hang on.</summary>
    private string Postmaster => File.ReadLines(Path.Combine(Data, "postmaster.pid")).First();

    /// <summary>Skips the test where Debian's package is not installed, unless it has to be.</summary>
    public void Needed()
    {
        if (_folder.Length == 0) Tool.Of("postgresql-15", Programs + "/initdb");
    }

    /// <summary>A new, empty database; how it is connected to.</summary>
    public string Create()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"bridge{Interlocked.Increment(ref _databases)}");
        Execute(ConnectionTo("postgres"), $"CREATE DATABASE {name} TEMPLATE template0 STRATEGY FILE_COPY");
        return ConnectionTo(name);
    }

    public string ConnectionTo(string database) => $"Host={_folder};Database={database};Username=bridge";

    /// <summary>All bytes of its files.</summary>
    public byte[] AllBytes()
    {
        Execute(ConnectionTo("postgres"), "CHECKPOINT");
        return [.. Directory.GetFiles(Path.Combine(Data, "base"), "*", SearchOption.AllDirectories).Concat(Directory.GetFiles(Path.Combine(Data, "pg_wal"))).SelectMany(File.ReadAllBytes)];
    }

    /// <summary>Starts it, and waits until it takes connections.</summary>
    public void Start() => Run(Programs + "/pg_ctl", "-D", Data, "-l", Path.Combine(_folder, "log"), "-w", "-t", "60", "start");

    /// <summary>Ends it as a crash would.</summary>
    public void Crash() => Run(Programs + "/pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop");

    /// <summary>Stops all its processes where they stand, or lets them go on.</summary>
    public void Freeze(bool frozen)
    {
        var all = Run("pgrep", "-P", Postmaster).Split('\n', StringSplitOptions.RemoveEmptyEntries).Append(Postmaster);
        foreach (var one in all) Signal(one, frozen ? "STOP" : "CONT");
    }

    public void Dispose()
    {
        if (_folder.Length == 0) return;
        if (File.Exists(Path.Combine(Data, "postmaster.pid"))) Crash();
        Directory.Delete(_folder, true);
    }

    public static void Execute(string connection, string sql)
    {
        using var opened = new NpgsqlConnection(connection + ";Pooling=false");
        opened.Open();
        using var command = opened.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static void Signal(string process, string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, process]);
        kill.WaitForExit();
    }

    private static string Run(params string[] words)
    {
        string[] all = Root ? ["runuser", "-u", "postgres", "--", .. words] : words;
        // A server that pg_ctl leaves behind would keep a pipe open.
        var piped = !words.Contains("start");
        var info = new ProcessStartInfo(all[0], all[1..]) { RedirectStandardOutput = piped, WorkingDirectory = "/" };
        using var process = Process.Start(info)!;
        var said = piped ? process.StandardOutput.ReadToEnd() : "";
        process.WaitForExit();
        return process.ExitCode == 0 || words[0] == "pgrep" ? said : throw new InvalidOperationException($"{string.Join(' ', words)}: {said}");
    }
}
