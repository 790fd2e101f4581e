package Test::Nginx::DNS::Status;

# Status pages: asking for them, and reading what they say.
#
#   http($port, $uri, %options)
#
# returns { status, headers => { lower => case }, body }.  Options:
#
#   method => 'GET'
#   accept => $type
#   version => '1.1'
#   host => "localhost:$port"
#   header => "More: of them\r\n"
#   body => $text
#
#   metrics($port, %options)
#
# reads /metrics into { 'name{label="value"}' => figure }; with labels in
# the order they are written.
#
#   total($metrics, $name, $pattern)
#
# is the sum of the series of a name whose labels match.
#
#   status($port, %options)
#
# is /status, decoded from JSON.

use warnings;
use strict;

use Exporter qw/ import /;
use IO::Socket::IP;
use JSON::PP qw/ decode_json /;

our @EXPORT = qw/ http metrics total status /;


sub http {
    my ($port, $uri, %o) = @_;

    my $socket = IO::Socket::IP->new(PeerHost => '127.0.0.1',
        PeerPort => $port) // die "cannot connect to port $port: $@\n";

    my $method = $o{method} // 'GET';

    my $version = $o{version} // '1.1';

    my $host = $o{host} // "localhost:$port";

    $socket->print("$method $uri HTTP/$version\r\nHost: $host\r\n",
        $o{accept} ? "Accept: $o{accept}\r\n" : (),
        $o{header} // '', "Connection: close\r\n\r\n", $o{body} // '');

    local $/;
    my $reply = <$socket> // '';

    my ($head, $body) = split /\r\n\r\n/, $reply, 2;
    my ($line, @headers) = split /\r\n/, $head // '';

    return {
        status => scalar((split ' ', $line // '')[1]),
        headers => { map { /^([^:]+):\s*(.*)/ ? (lc $1 => $2) : () } @headers },
        body => $body // '',
    };
}


sub metrics {
    my ($port, %o) = @_;

    my %value;

    for (split /\n/, http($port, $o{uri} // '/metrics', %o)->{body}) {
        next if /^#/;
        /^(\S+\{.*\}|\S+) (\S+)$/ or die "not a sample: $_\n";
        die "twice: $1\n" if exists $value{$1};
        $value{$1} = $2;
    }

    return \%value;
}


sub total {
    my ($metrics, $name, $pattern) = @_;

    my $sum = 0;

    for my $series (keys %$metrics) {
        my ($n, $labels) = $series =~ /^([^{]+)(.*)/;

        $sum += $metrics->{$series}
            if $n eq $name && (!defined $pattern || $labels =~ $pattern);
    }

    return $sum;
}


sub status {
    my ($port, %o) = @_;

    return decode_json(http($port, $o{uri} // '/status', %o)->{body});
}


1;
