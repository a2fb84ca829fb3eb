namespace MgcpSipBridge.Host.Configuration;

/// <summary>Events:…</summary>
internal sealed class EventsSection
{
    [Setting("Events that are kept for readers who are slow or come back.", Min = "16", Max = "10000000")]
    public int Kept { get; set; } = 10_000;

    [Setting("Readers at a time; more are refused.", Min = "1", Max = "100000")]
    public int MaxWatchers { get; set; } = 1000;

    [Setting("After how long without an event a reader is told that all is well.", Min = "100ms", Max = "10m")]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(15);
}

/// <summary>Routing:…</summary>
internal sealed class RoutingSection
{
    [Setting("How long a call waits for a client that routes it (RoutingService); then the routes decide.", Min = "10ms", Max = "5s")]
    public TimeSpan Deadline { get; set; } = TimeSpan.FromMilliseconds(300);

    [Setting("How long nothing may happen in a call that the bridge has answered for a client (attend): nothing is played, collected or recorded, nobody is called for it, it is in no conference, and no client orders anything. Then it is ended; 0s: never.", Min = "0s", Max = "1d")]
    public TimeSpan AttendTimeout { get; set; } = TimeSpan.FromSeconds(60);
}

/// <summary>Audit:…</summary>
internal sealed class AuditSection
{
    [Setting("Entries of the audit log that are kept; with Storage:Provider None, 1000 of them (fewer where they name very many resources) until the bridge ends.", Min = "100", Max = "10000000")]
    public int Keep { get; set; } = 100_000;
}

/// <summary>Cdr:…</summary>
internal sealed class CdrSection
{
    [Setting("File to which each call's record is added in the columns of Asterisk's Master.csv, times in UTC; it may be rotated at any time.")]
    public string? Csv { get; set; }

    [Setting("File to which each call's record is added as a line of JSON, as proto3 has it (numbers of 64 bits as texts, defaults left out); it may be rotated at any time.")]
    public string? JsonLines { get; set; }

    [Setting("Whether records are kept in the storage too (Storage:Provider), where the API finds them; without, the API has the last 1000 until the bridge ends.")]
    public bool Storage { get; set; } = true;

    [Setting("How long records stay in the storage; 0s: for ever.", Min = "0s", Max = "3650d")]
    public TimeSpan Keep { get; set; } = TimeSpan.FromDays(90);

    [Setting("File in which records wait for those that cannot take them at the moment; by default Storage:Path with .cdr at its end.")]
    public string? Spool { get; set; }
}
