using System.Text;

namespace MgcpSipBridge.Mgcp;

/// <summary>The connections of one endpoint that are ours, by ConnectionId, with their calls. Ids compare without regard to case (RFC 3435 §3.1).</summary>
internal sealed class ConnectionTable
{
    private readonly Dictionary<string, string> _callOf = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Calls with a CreateConnection whose outcome is unknown: something of theirs may be there.</summary>
    public HashSet<string> UncertainCalls { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The connections.</summary>
    public IReadOnlyCollection<string> All => _callOf.Keys;

    public bool Contains(string connection) => _callOf.ContainsKey(connection);

    public void Add(string connection, string callId) => _callOf[connection] = callId;

    /// <summary>Whether the gateway has, or may have, something of the call.</summary>
    public bool MayHave(string callId) => UncertainCalls.Contains(callId) || Of(callId).Count > 0;

    /// <summary>The connections of a call.</summary>
    public List<string> Of(string callId)
    {
        List<string> found = [];
        foreach (var (connection, call) in _callOf)
        {
            if (call.Equals(callId, StringComparison.OrdinalIgnoreCase)) found.Add(connection);
        }

        return found;
    }

    /// <summary>Takes out a connection; with a null one all of the call, with a null call all there are. Gives what was taken, as it was spelt first.</summary>
    public List<string> Remove(string? connection, string? callId)
    {
        List<string> removed = [];
        foreach (var (id, call) in _callOf)
        {
            if (connection is not null && !id.Equals(connection, StringComparison.OrdinalIgnoreCase)) continue;
            if (connection is null && callId is not null && !call.Equals(callId, StringComparison.OrdinalIgnoreCase)) continue;
            removed.Add(id);
        }

        foreach (var id in removed) _callOf.Remove(id);
        return removed;
    }

    public void Clear()
    {
        _callOf.Clear();
        UncertainCalls.Clear();
    }

    /// <summary>The ConnectionId of an answer; null when there is none.</summary>
    public static string? FirstIn(in MgcpResponse response)
    {
        var ids = new MgcpTokenReader(response.Parameters[MgcpParameter.ConnectionId], (byte)',');
        return ids.TryNext(out var id) ? Encoding.ASCII.GetString(id) : null;
    }
}
