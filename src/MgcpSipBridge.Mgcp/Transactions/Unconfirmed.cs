using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// Answers of a gateway that our next command can confirm (K:, RFC 3435 §3.5.2): each once, only final ones, and not after T-HIST, when the gateway has forgotten
/// them anyway.
/// </summary>
internal sealed class Unconfirmed(TimeSpan tHist)
{
    /// <summary>Confirmed in one command at most: a line of ordinary length.</summary>
    private const int MaxPerCommand = 16;

    private readonly Queue<(uint Id, Instant Until)> _ids = [];

    public void Add(uint id, Instant now)
    {
        if (_ids.Count == 4 * MaxPerCommand) _ids.Dequeue();
        _ids.Enqueue((id, now + tHist));
    }

    /// <summary>Writes a K: line, if there is anything to confirm. Neighbours become ranges.</summary>
    public void Write(MgcpWriter writer, Instant now)
    {
        List<uint> ids = [];
        while (ids.Count < MaxPerCommand && _ids.TryDequeue(out var next))
        {
            if (next.Until > now) ids.Add(next.Id);
        }

        if (ids.Count == 0) return;
        ids.Sort();
        writer.Begin(MgcpParameter.ResponseAck);
        for (var i = 0; i < ids.Count; i++)
        {
            var first = ids[i];
            while (i + 1 < ids.Count && ids[i + 1] == ids[i] + 1) i++;
            if (first != ids[0]) writer.Append(", ");
            writer.Append(first);
            if (ids[i] != first) writer.Append('-').Append(ids[i]);
        }

        writer.EndLine();
    }
}
