using Google.Protobuf.Reflection;
using MgcpSipBridge.Host.Api.Filters;

namespace MgcpSipBridge.Host.Api;

/// <summary>Reads what requests say about which items they want.</summary>
internal static class Listing
{
    /// <summary>A filter; null for none.</summary>
    public static MessageFilter? Filter(string text, MessageDescriptor type)
    {
        try
        {
            return MessageFilter.Parse(text, type);
        }
        catch (FilterException e)
        {
            throw ApiErrors.BadField("filter", e.Message);
        }
    }
}
