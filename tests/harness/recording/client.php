<?php
// A small integration in PHP: it signs in, then creates, reads and deletes a lead.
[, $url, $clientId, $clientSecret, $username, $password] = $argv;

function call_api(string $method, string $address, array $headers, ?array $body = null): array
{
    if ($body !== null) {
        $headers[] = 'Content-Type: application/json';
    }
    $context = stream_context_create(['http' => [
        'method' => $method,
        'header' => implode("\r\n", $headers),
        'content' => $body === null ? '' : json_encode($body),
        'ignore_errors' => true,
    ]]);
    $answer = file_get_contents($address, false, $context);
    return [(int) explode(' ', $http_response_header[0])[1], json_decode($answer, true)];
}

$api = "$url/api/v1";
[, $signedIn] = call_api('POST', "$api/authenticate", [
    "client_id: $clientId", "client_secret: $clientSecret", "username: $username", "password: $password",
]);
$headers = ["Authorization: Bearer {$signedIn['token']}"];
[$createdStatus, $created] = call_api('POST', "$api/lead", $headers, ['LastName' => 'O’Neill', 'Owner' => $username]);
$lead = "$api/lead/{$created['ExternalID']}";
$query = http_build_query(['per_page' => 2, 'page' => 1, 'sort_by' => 'LastName', 'owner' => $username]);
$statuses = [
    $createdStatus,
    call_api('GET', $lead, $headers)[0],
    call_api('GET', "$api/lead?$query", $headers)[0],
    call_api('DELETE', $lead, $headers)[0],
    call_api('GET', $lead, $headers)[0],
];
echo json_encode($statuses), "\n";
