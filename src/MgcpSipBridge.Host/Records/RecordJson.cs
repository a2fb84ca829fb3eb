using Google.Protobuf;

namespace MgcpSipBridge.Host.Records;

/// <summary>A record as a line of JSON: the JSON of the API, defaults left out.</summary>
internal static class RecordJson
{
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default);

    // A file may have been written by a newer version.
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));

    /// <summary>The line, without its end.</summary>
    public static string Write(V1.CallRecord record) => Formatter.Format(record);

    /// <summary>The record; null when the line is not one.</summary>
    public static V1.CallRecord? Read(string line)
    {
        try
        {
            return Parser.Parse<V1.CallRecord>(line);
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or InvalidJsonException)
        {
            return null;
        }
    }
}
