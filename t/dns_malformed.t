#!/usr/bin/perl

# Tests for malformed and unsupported queries: answer and reason of each.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new();

$t->write_stream(<<'EOF_CONF');
log_format  f  '$dns_id $dns_rcode "$dns_error" $status';

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  test 127.0.0.1:%%PORT_8081%%;
    access_log   %%TESTDIR%%/dns.log f;
}
EOF_CONF

my $u = $t->upstream(8081, sub { { a => '192.0.2.1' } });

$t->run();

my $port = $t->port(8053);
my $asked = "\1a\4test\0\0\1\0\1";
my $opt = "\0\0\x29\x04\xd0\0\0\0\0\0\0";

# flags and counts, what follows, rcode, EDE, reason, status

my @cases = (
    [ '0100 0001 0000 0000 0000', $asked, 'NOERROR', undef, '-', 200 ],

    [ '2000 0001 0000 0000 0000', $asked, 'NOTIMP', undef,
      'opcode not supported', 400 ],
    [ '0100 0000 0000 0000 0000', '', 'FORMERR', undef,
      'not exactly one question', 400 ],
    [ '0100 0002 0000 0000 0000', $asked x 2, 'FORMERR', undef,
      'not exactly one question', 400 ],
    [ '0100 0001 0000 0000 0000', "\1a\4te", 'FORMERR', undef,
      'question is cut off', 400 ],
    [ '0100 0001 0000 0000 0000', "\xc0\x0c\0\1\0\1", 'FORMERR', undef,
      'bad label in question', 400 ],
    [ '0100 0001 0000 0000 0000', ("\1a" x 128) . "\0\0\1\0\1", 'FORMERR',
      undef, 'name is over 255 octets', 400 ],
    [ '0100 0001 0001 0000 0000',
      $asked . "\xc0\x0c\0\1\0\1\0\0\0\0\0\4\1\2\3\4", 'FORMERR', undef,
      'records in a query', 400 ],
    [ '0100 0001 0000 0000 0001', $asked . "\0\0\x29", 'FORMERR', undef,
      'malformed record', 400 ],
    [ '0100 0001 0000 0000 0001', $asked . "\xc0\x0c" . substr($opt, 1),
      'FORMERR', undef, 'malformed OPT record', 400 ],
    [ '0100 0001 0000 0000 0002', $asked . $opt x 2, 'FORMERR', undef,
      'more than one OPT record', 400 ],
    [ '0100 0001 0000 0000 0000', $asked . 'x', 'FORMERR', undef,
      'octets after the message', 400 ],
    [ '0100 0001 0000 0000 0001',
      $asked . "\0\0\x10\0\1\0\0\0\0\x09\0" . 'x' x 0x900, 'FORMERR', undef,
      'query is too long', 400 ],
    [ '0100 0001 0000 0000 0001',
      $asked . "\0\0\x29\x04\xd0\0\1\0\0\0\0", 'BADVERS', undef,
      'EDNS version not supported', 400 ],
    [ '0100 0001 0000 0000 0001', "\1a\4test\0\0\x10\0\3$opt", 'REFUSED', 21,
      'class is not IN', 400 ],
    [ '0100 0001 0000 0000 0001', "\1a\4test\0\0\xfc\0\1$opt", 'REFUSED', 21,
      'zone transfer not over TCP or TLS', 400 ],
    [ '0100 0001 0000 0000 0001', "\1a\4test\0\0\x29\0\1$opt", 'REFUSED', 21,
      'type can not be asked for', 400 ],
    [ '0100 0001 0000 0000 0001', $asked . "\0\0\xfa\0\xff\0\0\0\0\0\0",
      'REFUSED', undef, 'signed by TSIG', 400 ],
    [ '0100 0001 0000 0000 0002', $asked . "\0\0\xfa\0\xff\0\0\0\0\0\0$opt",
      'FORMERR', undef, 'malformed record', 400 ],
    [ '1000 0000 0000 0000 0001', $opt, 'NOTIMP', 21,
      'opcode not supported', 400 ],
    [ '0100 0001 0000 0000 0001', "\1a\7example\0\0\1\0\1$opt", 'REFUSED', 20,
      'no zone matches', 400 ],
);

$t->plan(@cases * 3 + 5);

my $id = 100;

for my $case (@cases) {
    my ($head, $rest, $rcode, $ede, $reason, $status) = @$case;

    $head =~ s/ //g;
    $id++;

    my $bytes = dns_raw($port, pack('n', $id) . pack('H*', $head) . $rest);
    my $reply = Test::Nginx::DNS::Message::decode($bytes // '');

    is($reply && "$reply->{id} $reply->{rcode} $reply->{qr}", "$id $rcode 1",
       "$reason: answer");
    is($reply && $reply->{ede} ? $reply->{ede}{code} : undef, $ede,
       "$reason: EDE");
    like($t->read_file('dns.log'), qr/^$id $rcode "\Q$reason\E" $status$/m,
         "$reason: log");
}

# not answered, but logged

is(dns_raw($port, 'short', timeout => 0.2), undef, 'no header');
is(dns_raw($port, pack('n6', 7, 0x8100, 1, 0, 0, 0) . $asked,
           timeout => 0.2), undef, 'response bit');

like($t->read_file('dns.log'), qr/^0 - "shorter than a header" 400$/m,
     'no header: log');
like($t->read_file('dns.log'), qr/^7 - "response bit set" 400$/m,
     'response bit: log');

is($u->count(), 1, 'nothing of it was forwarded');
