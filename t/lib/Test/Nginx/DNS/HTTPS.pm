package Test::Nginx::DNS::HTTPS;

# Queries over HTTP/1.1, without TLS, as RFC 8484 has them.
#
#   my $r = doh($port, 'GET' | 'HEAD' | 'POST', $query, %options);
#
# gives { status => 200, header => { 'content-type' => ... }, body => '...' },
# or {} if the connection was closed without a response.  Options:
#
#   type => 'text/plain'    Content-Type; '' for none
#   chunked => 7            the body in chunks of so many octets
#   pause => 0.1            seconds, after the first octet of the body
#   headers => [ 'A: b' ]   more of them
#   uri => '/dns-query'
#
#   doh_argument($query)    base64url
#   doh_request($port, $request_line, $headers, @parts_of_a_body)

use warnings;
use strict;

use Exporter 'import';
use IO::Socket::INET;
use MIME::Base64 qw/ encode_base64url /;

our @EXPORT = qw/ doh doh_argument doh_request /;


sub doh_argument { encode_base64url($_[0]) }


sub doh {
    my ($port, $method, $query, %o) = @_;
    my $uri = $o{uri} // '/dns-query';
    my @headers = @{$o{headers} // []};

    if ($method ne 'POST') {
        return doh_request($port, "$method $uri?dns=" . doh_argument($query)
                                  . ' HTTP/1.1', \@headers);
    }

    my $type = $o{type} // 'application/dns-message';
    my @body = ($query);

    push @headers, "Content-Type: $type" if length $type;

    if ($o{chunked}) {
        push @headers, 'Transfer-Encoding: chunked';
        @body = map { sprintf("%x\r\n%s\r\n", length, $_) }
            (unpack("(a$o{chunked})*", $query), '');

    } else {
        push @headers, 'Content-Length: ' . length $query;
    }

    if ($o{pause}) {
        @body = (substr($query, 0, 1), $o{pause}, substr($query, 1));
    }

    return doh_request($port, "POST $uri HTTP/1.1", \@headers, \@body,
                       $o{pause});
}


sub doh_request {
    my ($port, $line, $headers, $body, $pause) = @_;

    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port,
                                  Timeout => 10)
        or die "no connection: $!";

    local $SIG{PIPE} = 'IGNORE';

    $s->autoflush(1);
    print $s join("\r\n", $line, 'Host: localhost', 'Connection: close',
                  @{$headers // []}, '', '');

    if ($pause) {
        print $s $body->[0];
        select undef, undef, undef, $body->[1];
        print $s $body->[2];

    } else {
        print $s join '', @{$body // []};
    }

    return doh_response($s);
}


sub doh_response {
    my ($s) = @_;
    my $text = '';

    local $SIG{ALRM} = sub { die "no end of a response\n" };
    alarm 30;

    while (sysread $s, $text, 65536, length $text) { }

    alarm 0;

    my ($head, $body) = split /\r\n\r\n/, $text, 2;
    return {} if !defined $body;

    my ($status, @lines) = split /\r\n/, $head;

    return {
        status => (split ' ', $status)[1],
        header => { map { /^(.*?):\s*(.*)$/ ? (lc $1, $2) : () } @lines },
        body => $body,
    };
}

1;
