#!/usr/bin/perl

# Tests for clients over TLS: the answers to queries that came in one record
# leave in one, and those to queries in two at most in two.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Message qw/ encode decode /;
use Test::Nginx::DNS::Stream;

use IO::Socket::SSL;

my $t = Test::Nginx::DNS->new()->plan(6);

tls_certificate($t);

$t->write_file('hosts', join '', map { "192.0.2.$_ h$_.test\n" } 1 .. 60);

$t->write_stream(<<'EOF_CONF');
ssl_protocols        TLSv1.2 TLSv1.3;
ssl_certificate      %%TESTDIR%%/cert.pem;
ssl_certificate_key  %%TESTDIR%%/key.pem;

server {
    listen     127.0.0.1:%%PORT_8853%% ssl;
    dns_hosts  %%TESTDIR%%/hosts;
}
EOF_CONF

$t->run();

for my $protocol ('TLSv1_2', 'TLSv1_3') {
    my $s = IO::Socket::SSL->new(PeerAddr => '127.0.0.1',
                PeerPort => $t->port(8853), SSL_verify_mode => 0,
                SSL_version => $protocol)
        or die "no TLS: $SSL_ERROR\n";

    is(join(' ', exchange($s, 1)), '1 1', "$protocol, a query: a record");
    is(join(' ', exchange($s, 60)), '1 60', '60 in a record: a record');

    my ($records, $answers) = exchange($s, 60, 60);

    ok($records <= 2 && $answers == 120, '60 in each of two: two at most')
        or diag("$answers answers in $records records");
}

###############################################################################

# so many queries in each of some records; a read ends with a record

sub exchange {
    my ($s, @counts) = @_;

    my ($records, $answers, $left) = (0, 0, 0);
    my $data = '';

    for my $n (@counts) {
        $s->syswrite(join '', map {
            pack('n/a*', encode(id => $_, question => [ "h$_.test" ]))
        } 1 .. $n);

        $left += $n;
    }

    while ($left > 0 && $s->sysread(my $record, 65536)) {
        $records++;
        $data .= $record;

        while (length $data > 2 && length $data >= 2 + unpack 'n', $data) {
            my $answer = decode(unpack 'n/a*', $data);

            substr $data, 0, 2 + unpack('n', $data), '';
            $left--;

            $answers++ if @{$answer->{answers}} == 1
                && $answer->{answers}[0]{data} eq "192.0.2.$answer->{id}";
        }
    }

    return ($records, $answers);
}

###############################################################################
